"""What must stay of the trail, and what somebody asked to be erased from it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from audit.governed import Governed, GovernedQuerySet


class Hold(Governed):
    """While one is open, nothing under its path leaves the trail: a dispute or an inquiry runs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    path = models.TextField(default="/")
    reason = models.TextField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-placed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_by=None, lifted_at=None)
                | Q(lifted_by__isnull=False, lifted_at__isnull=False)
                & ~Q(lifted_by=F("placed_by")),
                name="a_hold_is_lifted_by_somebody_else",
            )
        ]

    def __str__(self) -> str:
        return f"hold on {self.path}"


class Erasure(Governed):
    """Somebody who left asks to be forgotten; one person asks for it here, another carries it out.

    It says nothing that would have to be erased itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    plan = models.JSONField(default=dict, blank=True, editable=False)  # of `redaction.Plan.told`
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    done_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_by=None, done_at=None)
                | Q(done_by__isnull=False, done_at__isnull=False) & ~Q(done_by=F("asked_by")),
                name="an_erasure_is_done_by_somebody_else",
            )
        ]

    def __str__(self) -> str:
        return f"erasure {self.id}"

    @property
    def status(self) -> str:
        if self.done_at is not None:
            return "carried out"
        return "waits for a second person" if self.plan else "asked"

    def get_absolute_url(self) -> str:
        return reverse("erasure", args=[self.pk])
