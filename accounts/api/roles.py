"""Roles: bundles of permissions; built-in ones stay as they are."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.actions import roles
from accounts.models import Role
from accounts.permissions import Permission
from audit.doors.noun import Door, op
from audit.doors.rest import StrictSerializer


class RoleOut(serializers.ModelSerializer[Role]):
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = Role
        fields = (
            "slug", "name", "description", "permissions", "built_in", "requestable", "retired_at",
        )  # fmt: skip

    def get_permissions(self, role: Role) -> list[str]:
        return sorted(role.codenames())


class RoleIn(StrictSerializer):
    slug = serializers.SlugField(max_length=50)
    name = serializers.CharField(max_length=100)
    permissions = serializers.ListField(child=serializers.ChoiceField(Permission.choices))
    description = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    requestable = serializers.BooleanField(required=False)


class RoleEdit(StrictSerializer):
    name = serializers.CharField(required=False, max_length=100)
    permissions = serializers.ListField(
        required=False, child=serializers.ChoiceField(Permission.choices)
    )
    description = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    requestable = serializers.BooleanField(required=False)


class Wanted(StrictSerializer):
    permissions = serializers.ListField(child=serializers.ChoiceField(Permission.choices))


class Count(serializers.Serializer[Any]):
    people = serializers.IntegerField()
    resources = serializers.IntegerField()


class EffectOut(serializers.Serializer[queries.Effect]):
    user = serializers.CharField(source="user.username")
    resource = serializers.CharField(source="resource.address")
    permission = serializers.CharField()
    change = serializers.CharField(
        help_text="`loses`, `later` (not in force yet), `gains` or `keeps`."
    )


class PreviewOut(serializers.Serializer[Any]):
    """All are counted, the first of them listed."""

    counts = serializers.DictField(child=Count())
    effects = EffectOut(many=True)


LISTED = 500


class RoleDoor(Door):
    lookup_field = "slug"
    lookup_value_converter = "slug"
    shown = RoleOut

    def rows(self) -> QuerySet[Role]:
        return queries.roles(self.user)

    @op(RoleIn, RoleOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(roles.create(by=self.user, **self.body()))

    @op(RoleEdit, RoleOut)
    def partial_update(self, request: Request, slug: str) -> Response:
        role = self.get_object()
        present = {
            "name": role.name,
            "permissions": role.codenames(),
            "description": role.description,
            "requestable": role.requestable,
        }
        return self.show(roles.edit(role, by=self.user, **present | self.body()))

    @op(gives=RoleOut)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, slug: Any) -> Response:
        return self.show(roles.retire(self.get_object(), by=self.user, **self.body()))

    @op(Wanted, PreviewOut)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, slug: Any) -> Response:
        """Who would lose, keep or gain what, if the role held only this; changes nothing."""
        wanted = frozenset(self.body()["permissions"])
        effects = queries.preview(self.user, self.get_object(), wanted)
        told = {"counts": queries.counted(effects), "effects": effects[:LISTED]}
        return self.show(told, PreviewOut)
