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
