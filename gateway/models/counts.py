"""How often a gateway was told yes: one row a subject, resource, permission and minute."""

from __future__ import annotations

from django.db import models

from accounts.models import Resource, User


class DecisionCount(models.Model):
    """Not governed: rewritten with each answer of its minute. What is restricted is an event."""

    subject = models.ForeignKey(User, models.PROTECT, related_name="+")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="+")
    permission = models.CharField(max_length=32)
    minute = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ["-minute", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "resource", "permission", "minute"], name="counted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.permission} {self.resource}: {self.count}"
