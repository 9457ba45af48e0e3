"""Versions, their files and blobs, and what was made from what."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Resource
from audit.governed import Governed, GovernedQuerySet
from registry.models.assets import Asset, is_a

sha256_validators = [RegexValidator(r"\A[0-9a-f]{64}\Z")]


class Version(Resource):
    """An immutable set of files once approved; `revision` names exactly these bytes."""

    resource = is_a("as_version")
    notes = models.TextField(blank=True)
    manifest = models.CharField(max_length=64, blank=True, editable=False)
    revision = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-created_at"]

    @property
    def asset(self) -> Asset:
        assert self.parent_id is not None  # a version lies under its asset
        return Asset.objects.get(resource_id=self.parent_id)


class Blob(Governed):
    """Bytes that are on the disk, named by their digest."""

    sha256 = models.CharField(max_length=64, primary_key=True, validators=sha256_validators)
    size = models.PositiveBigIntegerField()
    # Whose upload brought the bytes; others that name the same bytes share them.
    first_stored = models.ForeignKey(Version, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()

    def __str__(self) -> str:
        return self.sha256

    @property
    def resource_path(self) -> str:
        return self.first_stored.path


class File(Governed):
    """A path in a version: bytes of ours, or a reference to bytes elsewhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(Version, models.PROTECT, related_name="files")
    path = models.CharField(max_length=512)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, validators=sha256_validators)
    blob = models.ForeignKey(Blob, models.PROTECT, null=True, blank=True, related_name="files")
    uri = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["version", "path"], name="file_path_once"),
            models.CheckConstraint(
                condition=Q(blob=None) ^ Q(uri=""), name="file_is_here_or_elsewhere"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version.address}:{self.path}"

    @property
    def resource_path(self) -> str:
        return self.version.path

    @property
    def resource_pk(self) -> int:
        return self.version.resource_pk


class Lineage(Governed):
    """An edge: this version was made from that one."""

    class Relation(models.TextChoices):
        TRAINED_ON = "trained_on", "trained on"
        DERIVED_FROM = "derived_from", "derived from"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    child = models.ForeignKey(Version, models.PROTECT, related_name="made_from")
    parent = models.ForeignKey(Version, models.PROTECT, related_name="used_by")
    relation = models.CharField(max_length=12, choices=Relation.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["child", "parent", "relation"], name="lineage_once"),
            models.CheckConstraint(condition=~Q(child=F("parent")), name="lineage_not_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.child} {self.get_relation_display()} {self.parent}"

    @property
    def resource_path(self) -> str:
        return self.child.path

    @property
    def resource_pk(self) -> int:
        return self.child.resource_pk
