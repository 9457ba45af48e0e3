"""What grants materialise: guardian's rows, one per grant and permission."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from guardian.managers import GroupObjectPermissionManager, UserObjectPermissionManager
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models.people import Membership, User
from accounts.models.resources import Resource
from accounts.models.vocabulary import Kind

CONTAINERS = (Kind.ROOT, Kind.PROJECT)  # what lies below is reached through them


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


class PermissionRow(models.Model):
    """What a grant materialises: one row per grant and permission, so an "allowed" names it.

    Behind the gate like everything, but computed from grants and so without diffs of its own.
    """

    derived = True

    # Indexed by the constraint and the indexes below, whose first columns they are.
    grant = models.ForeignKey("accounts.Grant", models.CASCADE, related_name="+", db_index=False)
    content_object = models.ForeignKey(Resource, models.PROTECT, db_index=False)
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=12, default="")  # of the resource; set by the database

    class Meta:
        abstract = True

    @property
    def resource_path(self) -> str:
        return self.content_object.path


def once(subject: str) -> models.UniqueConstraint:
    fields = ["grant", "permission", "content_object"]
    return models.UniqueConstraint(fields=fields, name=f"{subject}_row_once")


def walks(subject: str) -> list[models.Index]:
    """By whom, by what, and by whom over the site and projects: each answers without the table."""
    told = ["grant", "starts_at", "expires_at", "kind"]
    return [
        models.Index(
            fields=[subject, "permission", "content_object"],
            include=told,
            name=f"{subject}_row_subject",
        ),
        models.Index(
            fields=["content_object", "permission", subject],
            include=told,
            name=f"{subject}_row_object",
        ),
        models.Index(
            fields=[subject, "permission"],
            include=["content_object", *told[1:]],
            name=f"{subject}_row_deep",
            condition=Q(kind__in=CONTAINERS),
        ),
    ]


class UserPermission(PermissionRow, UserObjectPermissionBase):  # noqa: DJ008  guardian's
    objects = UserObjectPermissionManager.from_queryset(LiveRows)()  # type: ignore[misc]

    class Meta:
        default_permissions = ()
        constraints = [once("user")]
        indexes = walks("user")


class GroupPermission(PermissionRow, GroupObjectPermissionBase):  # noqa: DJ008  guardian's
    objects = GroupObjectPermissionManager.from_queryset(LiveRows)()  # type: ignore[misc]

    class Meta:
        default_permissions = ()
        constraints = [once("group")]
        indexes = walks("group")
