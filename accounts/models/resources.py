"""The one tree: whatever is granted, asked for, listed or recorded is a Resource."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.auth.models import Permission as PermissionRecord
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models.people import User
from accounts.models.vocabulary import (
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


class ResourceQuerySet(GovernedQuerySet[Any]):
    """Where lists start: the one SQL definition of "effective", as a set."""

    def under(self, ids: Any) -> ResourceQuerySet:
        """These resources and everything below them."""
        return self.filter(Q(pk__in=ids) | Q(ancestors__overlap=ArraySubquery(ids)))

    def visible_to(
        self, user: User, permission: str, at: datetime | None = None
    ) -> ResourceQuerySet:
        """The resources over which this person holds the permission now, all gates applied."""
        effective = RawSQL(  # noqa: S611  a constant
            VISIBLE,
            [
                user.pk,
                permission_id(permission),
                permission,
                permission in CONTENT,
                permission in USE,
                permission_id(Permission.EDIT),
                user.credential.pk if user.credential is not None else None,
                at or timezone.now(),
            ],
        )
        return self.filter(pk__in=effective)


VISIBLE = "select id from accounts_visible(%s, %s, %s, %s, %s, %s, %s, %s)"


def address_of(path: str, kind: str) -> str:
    """`project/name@v3`, of the path under which it lies."""
    inside = path.strip("/")
    if kind == Kind.VERSION:
        inside = "@".join(inside.rsplit("/", 1))
    return inside or "site"


@cache
def permission_id(codename: str) -> int:
    """Of guardian's rows. It never changes, so a process asks once."""
    found: int = PermissionRecord.objects.values_list("pk", flat=True).get(
        content_type__app_label="accounts", codename=codename
    )
    return found


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
    required_agreements = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    # Of a version: its number in the asset, and the versions that it was made from.
    number = models.PositiveIntegerField(null=True, blank=True, editable=False)
    sources = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        permissions = Permission.choices  # type: ignore[assignment]
        ordering = ["path"]
        indexes = [
            GinIndex(fields=["ancestors"], name="resource_ancestors"),
            GinIndex(fields=["sources"], name="resource_sources"),
            models.Index(fields=["parent", "id"], include=["kind"], name="resource_children"),
            models.Index(fields=["kind", "id"], name="resource_kinds"),
        ]
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
        return address_of(self.path, self.kind)

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

    @property
    def standing(self) -> Any:
        """What it stands for now, with what it inherits."""
        return self.standings.get(closed_at=None)

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
