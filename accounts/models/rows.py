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

    grant = models.ForeignKey("accounts.Grant", models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    deep = models.BooleanField(default=False)  # over the site or a project; set by the database

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
            models.UniqueConstraint(
                fields=["grant", "permission", "content_object"], name="user_row_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "permission", "content_object"],
                include=["grant", "starts_at", "expires_at"],
                name="user_row_subject",
            ),
            models.Index(
                fields=["content_object", "permission", "user"],
                include=["grant", "starts_at", "expires_at"],
                name="user_row_object",
            ),
            models.Index(
                fields=["user", "permission"], name="user_row_deep", condition=Q(deep=True)
            ),
        ]


class GroupPermission(PermissionRow, GroupObjectPermissionBase):  # noqa: DJ008  guardian's
    content_object = models.ForeignKey(Resource, models.PROTECT)

    objects = GroupObjectPermissionManager.from_queryset(LiveRows)()  # type: ignore[misc]

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "permission", "content_object"], name="group_row_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["group", "permission", "content_object"],
                include=["grant", "starts_at", "expires_at"],
                name="group_row_subject",
            ),
            models.Index(
                fields=["content_object", "permission", "group"],
                include=["grant", "starts_at", "expires_at"],
                name="group_row_object",
            ),
            models.Index(
                fields=["group", "permission"], name="group_row_deep", condition=Q(deep=True)
            ),
        ]
