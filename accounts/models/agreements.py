"""Agreements that data asks for, and which person has them, from when to when."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.people import User
from accounts.models.vocabulary import plain_slug
from audit.governed import Governed, GovernedQuerySet


class Agreement(Governed):
    """What a person must have before they use what requires it."""

    class Kind(models.TextChoices):
        DATA_USE = "data_use", "data-use agreement"
        ETHICS = "ethics", "ethics approval"
        TRAINING = "training", "training"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=50, unique=True, validators=[plain_slug])
    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    days = models.PositiveIntegerField(default=365)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title

    @property
    def resource_path(self) -> str:
        return f"/~agreements/{self.slug}/"


class SignatureQuerySet(GovernedQuerySet["Signature"]):
    def live(self, at: datetime | None = None) -> SignatureQuerySet:
        now = at or timezone.now()
        return self.filter(
            Q(closed_at=None) | Q(closed_at__gt=now),
            Q(expires_at=None) | Q(expires_at__gt=now),
            opened_at__lte=now,
        )


class Signature(Governed):
    """One person's agreement, from when to when; recorded by somebody else."""

    named_after = "user"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="signatures")
    user = models.ForeignKey(User, models.PROTECT, related_name="signatures")
    evidence = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = SignatureQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "user"], name="signature_once", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                condition=~Q(opened_by=F("user")), name="signature_by_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="signature_closed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.agreement}"

    @property
    def resource_path(self) -> str:
        return self.agreement.resource_path

    @property
    def status(self) -> str:
        now = timezone.now()
        if self.closed_at is not None:
            return "withdrawn"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"
