"""A request for access and the steps it must pass."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Resource, Role, User
from accounts.purposes import Purpose
from audit.governed import Governed, GovernedQuerySet

UNANSWERED = timedelta(days=30)


class Status(models.TextChoices):
    DRAFT = "draft", "draft"
    PENDING = "pending", "pending"
    APPROVED = "approved", "approved"
    REJECTED = "rejected", "rejected"
    CANCELLED = "cancelled", "cancelled"
    EXPIRED = "expired", "expired"


class AccessRequest(Governed):
    """Who asks for which role on what, what for, for how long."""

    named_after = "subject"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requester = models.ForeignKey(User, models.PROTECT, related_name="requests", editable=False)
    # For whom: oneself, or a service one answers for.
    subject = models.ForeignKey(User, models.PROTECT, related_name="+")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="requests")
    role = models.ForeignKey(Role, models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=32, choices=Purpose.choices)
    justification = models.TextField()
    days = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    grant_id = models.UUIDField(null=True, blank=True, editable=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "resource", "role"],
                name="one_pending_request",
                condition=Q(status="pending"),
                violation_error_code="conflict",
                violation_error_message="The same is asked for already and waits for an answer.",
            ),
            models.CheckConstraint(
                condition=Q(status="approved", grant_id__isnull=False)
                | ~Q(status="approved") & Q(grant_id=None),
                name="approved_means_granted",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "pending"], decided_at=None)
                | ~Q(status__in=["draft", "pending"]) & Q(decided_at__isnull=False),
                name="decided_requests_say_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} asks for {self.role} on {self.resource}"

    @property
    def resource_path(self) -> str:
        return f"{self.resource.path}~requests/{self.pk}/"

    @property
    def resource_pk(self) -> int:
        return self.resource_id

    @property
    def answer_by(self) -> datetime:
        return self.created_at + UNANSWERED

    @property
    def open_step(self) -> ApprovalStep | None:
        return self.steps.filter(decision="").order_by("position").first()


class ApprovalStep(Governed):
    """One approval that the policy asked for when the request was made: kept as it was then."""

    named_after = "subject"

    class Decision(models.TextChoices):
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"

    class Who(models.TextChoices):
        STEWARD = "steward", "owner or steward"
        PRIVACY = "privacy", "privacy officer"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(AccessRequest, models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    who = models.CharField(max_length=8, choices=Who.choices)
    # Copies that let the database itself hold four eyes.
    requester = models.ForeignKey(User, models.PROTECT, related_name="+")
    subject = models.ForeignKey(User, models.PROTECT, related_name="+")
    decision = models.CharField(max_length=8, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="decisions")
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["request", "position"]
        constraints = [
            models.UniqueConstraint(fields=["request", "position"], name="step_position_once"),
            models.UniqueConstraint(
                fields=["request", "decided_by"],
                name="each_step_another_person",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | ~Q(decided_by=F("requester")) & ~Q(decided_by=F("subject")),
                name="four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_by=None, decided_at=None)
                | ~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="step_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_who_display()} on {self.request}"

    @property
    def resource_path(self) -> str:
        return self.request.resource_path

    @property
    def resource_pk(self) -> int:
        return self.request.resource_id
