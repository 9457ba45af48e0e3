"""What grants materialise: guardian's rows, one per grant and permission."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models.resources import Resource
from accounts.models.vocabulary import Kind

CONTAINERS = (Kind.ROOT, Kind.PROJECT)  # what lies below is reached through them


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
    class Meta:
        default_permissions = ()
        constraints = [once("user")]
        indexes = walks("user")


class GroupPermission(PermissionRow, GroupObjectPermissionBase):  # noqa: DJ008  guardian's
    class Meta:
        default_permissions = ()
        constraints = [once("group")]
        indexes = walks("group")
