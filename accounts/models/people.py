"""People and services, and the groups they are in."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models.vocabulary import no_uuid, plain_name
from audit.governed import Governed, GovernedQuerySet

T = TypeVar("T", bound=models.Model)


class UserManager(BaseUserManager["User"]):
    """No create_user and no create_superuser: people come through actions."""

    def get_queryset(self) -> models.QuerySet[User]:
        return GovernedQuerySet(self.model, using=self._db)


class User(Governed, AbstractUser):
    """Whoever acts. Deactivated, never deleted; no superuser, no permission beside grants."""

    named_after = "pk"

    class Kind(models.TextChoices):
        HUMAN = "human", "person"
        SERVICE = "service", "service"
        SYSTEM = "system", "system"

    secret_fields: ClassVar[frozenset[str]] = frozenset({"password"})

    # Django's own answers to "may they" would stand beside the decision.
    is_superuser = user_permissions = last_login = None  # type: ignore[assignment]
    first_name = last_name = None  # type: ignore[assignment]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.HUMAN)
    username = models.CharField(max_length=64, unique=True, validators=[plain_name, no_uuid])
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    theme = models.CharField(
        max_length=5, blank=True, choices=[("light", "light"), ("dark", "dark")]
    )
    shortcuts = models.BooleanField(default=True)

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]  # not AbstractUser's

    # The credential this call came with; a decision intersects with its scopes.
    credential: Any = None

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["username"]
        default_permissions = ()
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="user_email_once",
                condition=~Q(email=""),
                violation_error_code="conflict",
                violation_error_message="Somebody has this e-mail address already.",
            ),
            models.CheckConstraint(
                condition=Q(kind="human") | Q(password__startswith="!"),  # noqa: S106  no password
                name="machines_have_no_password",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def resource_path(self) -> str:
        return f"/~people/{self.pk}/"

    @property
    def label(self) -> str:
        return self.name or self.username

    @property
    def is_human(self) -> bool:
        return self.kind == self.Kind.HUMAN

    @property
    def groups(self) -> models.QuerySet[Group]:  # type: ignore[override]
        """The groups of now; Django's many-to-many would know no past and no end."""
        current = Membership.objects.current().filter(user=self)
        return Group.objects.filter(pk__in=current.values("group"))

    @property
    def is_staff(self) -> bool:  # type: ignore[override]
        """Who enters the admin: those who manage, and those who audit."""
        return self.is_human and (
            self.has_perm("accounts.manage_people") or self.has_perm("accounts.read_trail")
        )

    @property
    def is_live(self) -> bool:
        """Active, and a service only as long as the person who answers for it is."""
        if self.kind != self.Kind.SERVICE:
            return self.is_active
        return self.is_active and self.service_account.owner.is_active

    def get_full_name(self) -> str:
        return self.label

    def get_short_name(self) -> str:
        return self.label

    def check_password(self, raw_password: str | None) -> bool:
        """Django's would save an upgraded hash inside a question; sign-in upgrades in an act."""
        return check_password(raw_password, self.password) and self.is_human

    def visible(self, model: type[T], permission: str) -> models.QuerySet[T]:
        """The rows of a resource model over which this person holds the permission now."""
        rows: models.QuerySet[T] = model._default_manager.visible_to(self, permission)  # type: ignore[attr-defined]
        return rows


class ServiceAccount(Governed):
    """A user that no person signs in as, and the person who answers for it."""

    named_after = "user"

    user = models.OneToOneField(
        User, models.PROTECT, primary_key=True, related_name="service_account"
    )
    owner = models.ForeignKey(User, models.PROTECT, related_name="services")
    description = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        base_manager_name = "objects"
        ordering = ["user__username"]

    objects = GovernedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.user.username

    def get_absolute_url(self) -> str:
        return reverse("service", args=[self.pk])

    @property
    def resource_path(self) -> str:
        return self.user.resource_path


class MembershipQuerySet(GovernedQuerySet["Membership"]):
    def current(self, at: datetime | None = None) -> MembershipQuerySet:
        now = at or timezone.now()
        return self.filter(Q(closed_at=None) | Q(closed_at__gt=now), opened_at__lte=now)


class Membership(Governed):
    """Who was in which group, from when to when. Closed, never deleted, so as-of is a query."""

    named_after = "user"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", db_index=False)
    group = models.ForeignKey(Group, models.PROTECT, related_name="memberships")
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        base_manager_name = "objects"
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group"], name="membership_once", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="membership_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"],
                include=["group", "opened_at", "closed_at"],
                name="membership_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"

    @property
    def resource_path(self) -> str:
        return f"/~groups/{self.group_id}/"


class Spell(models.Model):
    """A time in which a subject was live, and who answered for it.

    Written by the database when somebody is deactivated or a service handed over
    (accounts/migrations/sql/standings.sql).
    """

    derived = True

    user = models.ForeignKey(User, models.PROTECT, related_name="spells")
    answerable = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user"], name="one_spell", condition=Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.opened_at:%Y-%m-%d %H:%M}"
