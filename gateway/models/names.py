"""Foreign names: another program's resource type and action, as ours."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models

from accounts.models.vocabulary import Kind
from audit.governed import Governed, GovernedQuerySet
from gateway.permissions import CHOICES

# Of other programs: not ours to narrow further.
foreign_name = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._:/-]*\Z", "Use letters, digits and . _ : / - only."
)
KINDS = [(kind.value, kind.label) for kind in Kind if kind != Kind.ROOT]


class Alias(Governed):
    """`read` of a `record` is `read` of our dataset `records/{id}`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resource_type = models.CharField(max_length=100, validators=[foreign_name])
    action = models.CharField(max_length=100, validators=[foreign_name])
    kind = models.CharField(max_length=8, choices=KINDS)
    permission = models.CharField(max_length=32, choices=CHOICES)
    address = models.CharField(max_length=300, default="{id}")

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["resource_type", "action"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource_type", "action"],
                name="alias_once",
                violation_error_code="conflict",
                violation_error_message="This type and action have a meaning already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.resource_type}"
