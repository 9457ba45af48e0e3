"""Versions over REST: approved, withdrawn, made from others."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import name_of
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from audit.doors.noun import op, words
from audit.doors.rest import StrictSerializer
from registry import queries
from registry.actions import versions
from registry.api.facts import Counting, VersionField
from registry.api.files import FileDoor
from registry.api.nodes import NodeDoor
from registry.models import Lineage, Version


class VersionOut(Counting):
    owner = name_of("owner")
    number = serializers.IntegerField(read_only=True)

    class Meta:
        model = Version
        fields = (
            "uid", "address", "number", "state", "notes", "owner", "classification",
            "effective_classification", "categories",
            "manifest", "revision", "created_at",
        )  # fmt: skip


class VersionIn(StrictSerializer):
    notes = serializers.CharField(required=False, allow_blank=True, max_length=20_000)


class Withdrawal(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class EdgeOut(serializers.ModelSerializer[Lineage]):
    child = serializers.CharField(source="child.address")
    child_uid = serializers.UUIDField(source="child.uid")
    parent = serializers.CharField(source="parent.address")  # type: ignore[assignment]
    parent_uid = serializers.UUIDField(source="parent.uid")

    class Meta:
        model = Lineage
        fields = ("child", "child_uid", "relation", "parent", "parent_uid", "created_at")


class LineageOut(serializers.Serializer[Any]):
    made_from = EdgeOut(many=True)
    used_by = EdgeOut(many=True)


class EdgeIn(StrictSerializer):
    parent = VersionField()  # type: ignore[assignment]
    relation = serializers.ChoiceField(Lineage.Relation.choices)


class VersionDoor(FileDoor, NodeDoor):
    kind = Kind.VERSION
    seen_with = Permission.READ
    shown = VersionOut

    def rows(self) -> QuerySet[Version]:
        return queries.versions(self.user)

    @extend_schema(parameters=words(path="The exact address, as in `oncology/ct-scans@v3`."))
    def list(self, request: Request, **address: Any) -> Response:
        return super().list(request)

    @op(gives=VersionOut)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, uid: Any) -> Response:
        """Freeze the files: the revision names exactly these bytes."""
        return self.show(versions.approve(self.get_object(), by=self.user, **self.body()))

    @op(Withdrawal, VersionOut)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, uid: Any) -> Response:
        return self.show(versions.withdraw(self.get_object(), by=self.user, **self.body()))

    @op(gives=LineageOut)
    @action(detail=True)
    def lineage(self, request: Request, uid: Any) -> Response:
        return self.show(queries.lineage(self.user, self.get_object()), LineageOut)

    @op(EdgeIn, EdgeOut, 201)
    @lineage.mapping.post
    def record_lineage(self, request: Request, uid: Any) -> Response:
        child, asked = self.get_object(), self.body()
        edge = versions.record_lineage(child, asked["parent"], asked["relation"], by=self.user)
        return self.made(edge, EdgeOut, "api-version-lineage", uid=child.uid)
