"""Which request through a proxy needs which permission on what."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.governed import Governed, GovernedQuerySet
from gateway.permissions import CHOICES


class Method(models.TextChoices):
    GET = "GET", "GET"
    HEAD = "HEAD", "HEAD"
    POST = "POST", "POST"
    PUT = "PUT", "PUT"
    PATCH = "PATCH", "PATCH"
    DELETE = "DELETE", "DELETE"


class Route(Governed):
    """`POST models.example.org/v1/models/{name}/infer` needs `invoke` on `oncology/{name}`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    methods = ArrayField(models.CharField(max_length=8, choices=Method.choices))
    pattern = models.CharField(max_length=500)
    permission = models.CharField(max_length=32, choices=CHOICES)
    address = models.CharField(max_length=300)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["host", "pattern", "id"]

    def __str__(self) -> str:
        return f"{','.join(self.methods)} {self.host}{self.pattern}"
