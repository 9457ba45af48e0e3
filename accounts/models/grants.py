"""Roles, and grants: who holds which role on what, why, and until when."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models.people import Membership, User
from accounts.models.resources import Resource
from accounts.models.vocabulary import plain_slug
from accounts.permissions import Permission
from accounts.purposes import Purpose
from audit.governed import Governed, GovernedQuerySet


class Role(Governed):
    """A named bundle of permissions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=50, unique=True, validators=[plain_slug])
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    built_in = models.BooleanField(default=False, editable=False)
    requestable = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def resource_path(self) -> str:
        return f"/~roles/{self.slug}/"

    def codenames(self) -> frozenset[str]:
        open_rows = self.permissions.filter(closed_at=None)
        return frozenset(open_rows.values_list("codename", flat=True))


class RolePermission(Governed):
    """Which permission a role held, from when to when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    role = models.ForeignKey(Role, models.PROTECT, related_name="permissions")
    codename = models.CharField(max_length=32, choices=Permission.choices)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["codename"]
        constraints = [
            models.UniqueConstraint(
                fields=["role", "codename"],
                name="role_permission_once",
                condition=Q(closed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} holds {self.codename}"

    @property
    def resource_path(self) -> str:
        return self.role.resource_path


class Grantable(Governed):
    """A role that holders of another may give without holding what it gives."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    giver = models.ForeignKey(Role, models.PROTECT, related_name="may_give")
    role = models.ForeignKey(Role, models.PROTECT, related_name="given_by")

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["giver", "role"], name="grantable_once")]

    def __str__(self) -> str:
        return f"{self.giver} may give {self.role}"

    @property
    def resource_path(self) -> str:
        return self.giver.resource_path


def covering(number: int | None) -> Q:
    """Grants that reach a version of this number, or what is none: `Grant.covers`, as a query."""
    reaches = Q(first_version=None)
    if number is not None:
        ends = Q(last_version=None) | Q(last_version__gte=number)
        reaches |= Q(first_version__lte=number) & ends
    return reaches


class GrantQuerySet(GovernedQuerySet["Grant"]):
    def open(self) -> GrantQuerySet:
        """Not revoked and not over; it may not have started yet."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), closed_at=None)

    def live(self, at: datetime | None = None) -> GrantQuerySet:
        now = at or timezone.now()
        suspended = Suspension.objects.filter(closed_at=None).values("grant")
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), closed_at=None, starts_at__lte=now
        ).exclude(pk__in=suspended)

    def in_status(self, status: str) -> GrantQuerySet:
        """What `Grant.status` says, as a query."""
        now = timezone.now()
        if status in ("revoked", "replaced"):
            closed = self.filter(closed_at__isnull=False)
            replaced = Exists(Grant.objects.filter(replaces=OuterRef("pk")))
            return closed.filter(replaced if status == "replaced" else ~replaced)
        if status == "expired":
            return self.filter(closed_at=None, expires_at__lte=now)
        if status == "suspended":
            return self.open().filter(suspensions__in=Suspension.objects.filter(closed_at=None))
        if status == "scheduled":
            waiting = Suspension.objects.filter(closed_at=None).values("grant")
            return self.open().filter(starts_at__gt=now).exclude(pk__in=waiting)
        return self.live(now) if status == "active" else self.none()

    def of(self, user: User, at: datetime | None = None) -> GrantQuerySet:
        """The person's own and those of their groups."""
        groups = Membership.objects.current(at).filter(user=user).values("group")
        return self.filter(Q(user=user) | Q(group__in=groups))

    def over(self, resource: Resource) -> GrantQuerySet:
        """On the resource or anything above it."""
        return self.filter(resource_id__in=resource.chain)


def held_by(subject: str) -> models.Index:
    """All that is asked of the open grants of one subject, without the table."""
    told = ["id", "role", "purpose", "starts_at", "expires_at", "opened_at"]
    return models.Index(
        fields=[subject, "effect", "resource"],
        include=[*told, "first_version", "last_version"],
        name=f"grant_{subject}",
        condition=Q(closed_at=None),
    )


class Grant(Governed):
    """The record of one access: the intent behind the rows that answer."""

    named_after = "user"

    class Effect(models.TextChoices):
        ALLOW = "allow", "allow"
        DENY = "deny", "deny"

    class NewVersions(models.TextChoices):
        """What a version that comes later means to a grant on a range."""

        INHERIT = "inherit", "reaches new versions too"
        ASK = "ask", "new versions are asked for again"
        BLOCK = "block", "new versions stay closed"

    class Origin(models.TextChoices):
        DIRECT = "direct", "given directly"
        REQUEST = "request", "by request"
        REGISTRATION = "registration", "by registering it"
        SEED = "seed", "with the installation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    role = models.ForeignKey(Role, models.PROTECT, related_name="grants")
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="grants")
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="grants")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="grants")
    effect = models.CharField(max_length=5, choices=Effect.choices, default=Effect.ALLOW)
    purpose = models.CharField(max_length=32, choices=Purpose.choices, blank=True)
    starts_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    # Of a grant on a dataset or model that reaches some of its versions only.
    first_version = models.PositiveIntegerField(null=True, blank=True)
    last_version = models.PositiveIntegerField(null=True, blank=True)
    new_versions = models.CharField(max_length=7, choices=NewVersions.choices, blank=True)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", editable=False
    )
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.DIRECT)
    origin_id = models.UUIDField(null=True, blank=True, editable=False)
    reason = models.TextField(blank=True)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    closed_reason = models.TextField(blank=True, editable=False)

    objects = GrantQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None) ^ Q(group=None), name="grant_has_one_subject"
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("starts_at")),
                name="grant_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="grant_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(first_version=None, last_version=None, new_versions="")
                | Q(first_version__isnull=False, last_version=None, new_versions="inherit")
                | Q(last_version__gte=F("first_version"), new_versions__in=["ask", "block"]),
                name="grant_range_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="grant_expiry", condition=Q(closed_at=None)),
            models.Index(
                fields=["resource"], name="grant_deny", condition=Q(closed_at=None, effect="deny")
            ),
            held_by("user"),
            held_by("group"),
            models.Index(
                fields=["resource", "group"],
                include=["role"],
                name="grant_shared",
                condition=Q(closed_at=None, effect="allow", group__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        verb = "denied" if self.effect == self.Effect.DENY else "holds"
        return f"{self.subject} {verb} {self.role} on {self.resource}"

    @property
    def subject(self) -> User | Group:
        found = self.user or self.group
        assert found is not None
        return found

    @property
    def resource_path(self) -> str:
        return self.resource.path

    @property
    def resource_pk(self) -> int:
        return self.resource_id

    @property
    def status(self) -> str:
        """By the clock and never by a job; `in_status` asks the same of the database."""
        now = timezone.now()
        if self.closed_at is not None:
            return "replaced" if self.replaced_by.exists() else "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        if self.is_suspended:
            return "suspended"
        return "scheduled" if self.starts_at > now else "active"

    @property
    def latest(self) -> Grant:
        """What a narrowed or extended grant has become: itself, if nothing replaced it."""
        found = self
        while (later := found.replaced_by.first()) is not None:
            found = later
        return found

    @property
    def is_suspended(self) -> bool:
        return self.suspensions.filter(closed_at=None).exists()

    def covers(self, number: int | None) -> bool:
        """Is a version of this number in its range? Without a range every one is."""
        if self.first_version is None or number is None:
            return self.first_version is None
        return self.first_version <= number <= (self.last_version or number)

    @property
    def versions(self) -> str:
        """The range in words; empty when the grant reaches everything below its resource."""
        if self.first_version is None:
            return ""
        if self.first_version == self.last_version:
            return f"v{self.first_version}"
        end = f"to v{self.last_version}" if self.last_version else "on"
        return f"v{self.first_version} {end}"


class Suspension(Governed):
    """A time in which a grant gave nothing; what it waits for stands in the reason."""

    named_after = "grant__user"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    grant = models.ForeignKey(Grant, models.PROTECT, related_name="suspensions")
    reason = models.TextField()
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant"], name="one_suspension", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="suspension_closed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grant}, suspended"

    @property
    def resource_path(self) -> str:
        return self.grant.resource_path

    @property
    def resource_pk(self) -> int:
        return self.grant.resource_id
