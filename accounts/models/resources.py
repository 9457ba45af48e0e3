"""The one tree: whatever is granted, asked for, listed or recorded is a Resource."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from guardian.managers import GroupObjectPermissionManager, UserObjectPermissionManager
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models.people import Membership, User
from accounts.models.vocabulary import (
    BLOCKED_STATES,
    HIDDEN_STATES,
    SENSITIVE_CATEGORIES,
    Category,
    Classification,
    HipaaForm,
    Kind,
    LawfulBasis,
    SpecialBasis,
    State,
    plain_slug,
)
from accounts.permissions import CONTENT, USE, Permission
from accounts.purposes import Purpose
from audit.governed import Governed, GovernedQuerySet

RESERVED_SLUGS = frozenset({"new"})  # pages of the catalogue


class LiveRows(models.QuerySet[Any]):
    """Derived permission rows; a row outside its window gives nothing, swept or not."""

    def live(self, at: datetime) -> LiveRows:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), starts_at__lte=at)

    def giving(self, user: User, permission: str, at: datetime) -> LiveRows:
        """The rows that give this person the permission, of their own or through a group."""
        return self.live(at).filter(self.subject(user, at), permission__codename=permission)

    def subject(self, user: User, at: datetime) -> Q:
        if self.model is UserPermission:
            return Q(user=user)
        return Q(group__in=Membership.objects.current(at).filter(user=user).values("group"))


class ResourceQuerySet(GovernedQuerySet[Any]):
    """The SQL definition of "effective", shared by lists and by the decision."""

    def under(self, ids: Any) -> ResourceQuerySet:
        """These resources and everything below them."""
        return self.filter(Q(pk__in=ids) | Q(ancestors__overlap=ArraySubquery(ids)))

    def held_by(
        self, user: User, permission: str, at: datetime, purpose: str | None = None
    ) -> ResourceQuerySet:
        """Where a live grant reaches (one for this purpose, if named), before any gate."""
        only = {} if purpose is None else {"grant__purpose": purpose}
        direct, shared = (
            rows.objects.giving(user, permission, at).filter(**only).values("content_object")
            for rows in (UserPermission, GroupPermission)
        )
        return self.filter(
            Q(pk__in=direct)
            | Q(pk__in=shared)
            | Q(ancestors__overlap=ArraySubquery(direct))
            | Q(ancestors__overlap=ArraySubquery(shared))
        )

    def fitting(self, user: User, permission: str, at: datetime) -> ResourceQuerySet:
        """Where a live grant reaches whose own purpose every level permits."""
        stated = {
            purpose
            for rows in (UserPermission, GroupPermission)
            for purpose in rows.objects.giving(user, permission, at)
            .order_by()
            .values_list("grant__purpose", flat=True)
            .distinct()
        }
        found = Q(pk__in=[])
        for purpose in stated:
            held = Resource.objects.held_by(user, permission, at, purpose=purpose)
            found |= Q(pk__in=held.exclude(pk__in=unfit(purpose).values("pk")).values("pk"))
        return self.filter(found)

    def lying_in(self, states: tuple[str, ...]) -> ResourceQuerySet:
        """Those that are, or lie under something, in one of these states."""
        return self.under(Resource.objects.filter(state__in=states).values("pk"))

    def denied_to(self, user: User, permission: str, at: datetime) -> ResourceQuerySet:
        """Where an open deny grant stands, here or above."""
        groups = Membership.objects.current(at).filter(user=user).values("group")
        denying = Resource.objects.filter(
            Q(grants__user=user) | Q(grants__group__in=groups),
            Q(grants__expires_at=None) | Q(grants__expires_at__gt=at),
            grants__effect="deny",
            grants__closed_at=None,
            grants__starts_at__lte=at,
            grants__role__permissions__codename=permission,
            grants__role__permissions__closed_at=None,
        )
        return self.under(denying.values("pk"))

    def visible_to(
        self, user: User, permission: str, at: datetime | None = None
    ) -> ResourceQuerySet:
        """The resources over which this person holds the permission now, all gates applied."""
        now = at or timezone.now()
        key = user.credential
        if not user.is_live or (key is not None and not key.allows(permission, now)):
            return self.none()
        rows = self.held_by(user, permission, now)
        if key is not None and key.within_id is not None:
            rows = rows.under(Resource.objects.filter(pk=key.within_id).values("pk"))
        everything = Resource.objects.all()
        rows = rows.exclude(pk__in=everything.denied_to(user, permission, now).values("pk"))
        if permission in CONTENT:
            editable = everything.held_by(user, Permission.EDIT, now).values("pk")
            drafts = everything.lying_in(HIDDEN_STATES).exclude(pk__in=editable)
            rows = rows.exclude(pk__in=drafts.values("pk"))
        if permission in USE:
            rows = rows.exclude(pk__in=everything.lying_in(BLOCKED_STATES).values("pk"))
            rows = rows.fitting(user, permission, now)
        return rows


def unfit(purpose: str) -> ResourceQuerySet:
    """Resources that, themselves or through a level above, do not permit this purpose."""
    if not purpose:
        return Resource.objects.none()
    other = ~Q(permitted_purposes=[]) & ~Q(permitted_purposes__contains=[purpose])
    forbidding = Resource.objects.filter(Q(prohibited_purposes__contains=[purpose]) | other)
    return Resource.objects.under(forbidding.values("pk"))


def choices_array(choices: type[models.TextChoices], **kwargs: Any) -> ArrayField[Any, Any]:
    item = models.CharField(max_length=32, choices=choices.choices)
    return ArrayField(item, default=list, blank=True, **kwargs)


class Resource(Governed):
    """A node of the tree, with what a decision needs to know of it."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    ancestors = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    path = models.CharField(max_length=400, unique=True, editable=False)
    slug = models.CharField(max_length=100, validators=[plain_slug], blank=True)
    name = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="resources")
    state = models.CharField(max_length=12, choices=State.choices)
    classification = models.CharField(
        max_length=12, choices=Classification.choices, default=Classification.INTERNAL
    )
    categories = choices_array(Category)
    lawful_basis = models.CharField(max_length=8, choices=LawfulBasis.choices, blank=True)
    special_basis = models.CharField(max_length=8, choices=SpecialBasis.choices, blank=True)
    hipaa_form = models.CharField(max_length=16, choices=HipaaForm.choices, blank=True)
    permitted_purposes = choices_array(Purpose)
    prohibited_purposes = choices_array(Purpose)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        permissions = Permission.choices  # type: ignore[assignment]
        ordering = ["path"]
        indexes = [GinIndex(fields=["ancestors"], name="resource_ancestors")]
        constraints = [
            models.UniqueConstraint(fields=["parent", "slug"], name="resource_slug_once"),
            models.CheckConstraint(
                condition=Q(kind=Kind.ROOT) | Q(parent__isnull=False),
                name="only_root_has_no_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def resource_path(self) -> str:
        return self.path

    @property
    def resource_pk(self) -> int:
        return self.id

    @property
    def address(self) -> str:
        """`project/name@v3`: how people name it."""
        head, _, tail = self.path.strip("/").rpartition("/")
        if self.kind == Kind.VERSION:
            return f"{head}@{tail}"
        return self.path.strip("/") or "site"

    @property
    def label(self) -> str:
        return self.name or self.address

    @property
    def is_sensitive(self) -> bool:
        return bool(SENSITIVE_CATEGORIES & set(self.categories))

    @property
    def chain(self) -> list[int]:
        """Ids from the resource itself up to the root."""
        return [self.id, *reversed(self.ancestors)]

    def place(self, parent: Resource, slug: str) -> None:
        """Put a new node under its parent."""
        if not slug or slug in RESERVED_SLUGS:
            raise ValidationError({"slug": "Give a short name for the address, not “new”."})
        self.parent, self.slug = parent, slug
        self.path = f"{parent.path}{slug}/"
        if Resource.objects.filter(path=self.path).exists():
            message = f"{self.address} is taken: choose another name."
            raise ValidationError({"slug": ValidationError(message, code="conflict")})
        self.ancestors = [*parent.ancestors, parent.id]


class StatePeriod(Governed):
    """Which state a resource was in, from when to when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="periods")
    state = models.CharField(max_length=12, choices=State.choices)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource"], name="one_state", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="state_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.state}"

    @property
    def resource_path(self) -> str:
        return self.resource.path

    @property
    def resource_pk(self) -> int:
        return self.resource_id


class PermissionRow(models.Model):
    """What a grant materialises: one row per grant and permission, so an "allowed" names it.

    Behind the gate like everything, but computed from grants and so without diffs of its own.
    """

    derived = True

    grant = models.ForeignKey("accounts.Grant", models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def resource_path(self) -> str:
        return self.content_object.path  # type: ignore[attr-defined, no-any-return]


class UserPermission(PermissionRow, UserObjectPermissionBase):  # noqa: DJ008  guardian's
    content_object = models.ForeignKey(Resource, models.PROTECT)

    objects = UserObjectPermissionManager.from_queryset(LiveRows)()  # type: ignore[misc]

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["grant", "permission"], name="user_row_once"),
        ]
        indexes = [
            models.Index(fields=["user", "permission", "content_object"], name="user_row_subject"),
            models.Index(fields=["content_object", "permission", "user"], name="user_row_object"),
        ]


class GroupPermission(PermissionRow, GroupObjectPermissionBase):  # noqa: DJ008  guardian's
    content_object = models.ForeignKey(Resource, models.PROTECT)

    objects = GroupObjectPermissionManager.from_queryset(LiveRows)()  # type: ignore[misc]

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["grant", "permission"], name="group_row_once"),
        ]
        indexes = [
            models.Index(
                fields=["group", "permission", "content_object"], name="group_row_subject"
            ),
            models.Index(fields=["content_object", "permission", "group"], name="group_row_object"),
        ]
