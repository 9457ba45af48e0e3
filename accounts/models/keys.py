"""API keys: who holds them, what they may at most; never the key itself."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User
from accounts.models.resources import Resource
from accounts.permissions import Permission
from audit.governed import Governed, GovernedQuerySet


class ApiKeyQuerySet(GovernedQuerySet["ApiKey"]):
    def live(self, at: datetime | None = None) -> ApiKeyQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=at or timezone.now())

    def ended(self, at: datetime | None = None) -> ApiKeyQuerySet:
        return self.exclude(revoked_at=None, expires_at__gt=at or timezone.now())


class ApiKey(Governed):
    """A credential of its owner: it gives what the owner holds, cut to its scopes."""

    named_after = "owner"

    class Kind(models.TextChoices):
        PERSONAL = "p", "personal key"
        SERVICE = "s", "service key"
        TOKEN = "t", "short-lived key"
        CLIENT = "c", "client secret"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=1, choices=Kind.choices)
    owner = models.ForeignKey(User, models.PROTECT, related_name="keys")
    name = models.CharField(max_length=100)
    scopes = ArrayField(models.CharField(max_length=32, choices=Permission.choices))
    within = models.ForeignKey(Resource, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="key_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.owner}"

    @property
    def resource_path(self) -> str:
        return self.owner.resource_path

    @property
    def status(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "active"

    def allows(self, permission: str, at: datetime) -> bool:
        """Scopes only ever narrow: what the owner holds is asked besides."""
        return self.revoked_at is None and self.expires_at > at and permission in self.scopes


class ApiKeySecret(Governed):
    """One secret of a key, as a keyed digest. Two may live while one replaces the other."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"digest"})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.ForeignKey(ApiKey, models.PROTECT, related_name="secrets")
    kid = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    pepper_id = models.PositiveSmallIntegerField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    not_after = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.kid

    @property
    def resource_path(self) -> str:
        return self.key.owner.resource_path


class KeyUse(models.Model):
    """When and from where a key was last used. Not governed: rewritten once a minute at most."""

    key = models.OneToOneField(ApiKey, models.PROTECT, primary_key=True, related_name="use")
    last_used_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key_id} {self.last_used_at:%Y-%m-%d %H:%M}"
