"""How far each sink of the trail has got."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SinkCursor(models.Model):
    """All events up to `floor` are there, and those in `above`, which committed out of order."""

    name = models.CharField(primary_key=True, max_length=64)
    floor = models.BigIntegerField(default=0)
    above = ArrayField(models.BigIntegerField(), default=list)
    # The highest id seen at a moment, and the first transaction that had not begun by then: once
    # all older ones have ended, no lower id can appear any more and the floor rises to it.
    horizon = models.BigIntegerField(default=0)
    horizon_xmax = models.BigIntegerField(default=0)
    horizon_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    delivered_at = models.DateTimeField(null=True)
    delivered = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
