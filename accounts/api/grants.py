"""Grants: who holds which role on what; given, and revoked with the next request."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.actions import grants
from accounts.api.fields import GroupField, PersonField, ResourceField, RoleField, SubjectField
from accounts.models import Grant
from accounts.purposes import Purpose
from audit.doors.noun import Door, op, words
from audit.doors.rest import StrictSerializer


class GrantOut(serializers.ModelSerializer[Grant]):
    role = serializers.CharField(source="role.slug")
    subject = SubjectField()
    resource = serializers.CharField(source="resource.address")
    resource_uid = serializers.UUIDField(source="resource.uid")
    status = serializers.CharField()
    opened_by = serializers.CharField(source="opened_by.username")

    class Meta:
        model = Grant
        fields = (
            "id", "role", "subject", "resource", "resource_uid", "effect", "purpose", "starts_at",
            "expires_at", "status", "origin", "origin_id", "reason", "opened_at", "opened_by",
            "closed_at", "closed_reason",
        )  # fmt: skip


class GrantIn(StrictSerializer):
    role = RoleField()
    user = PersonField(required=False)
    group = GroupField(required=False)
    resource = ResourceField()
    purpose = serializers.ChoiceField(Purpose.choices, required=False)
    starts_at = serializers.DateTimeField(required=False)
    expires_at = serializers.DateTimeField(required=False)
    effect = serializers.ChoiceField(Grant.Effect.choices, required=False)
    reason = serializers.CharField(required=False, max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("user" in attrs) == ("group" in attrs):
            raise serializers.ValidationError({"user": ["Name either a user or a group."]})
        return attrs


class Why(StrictSerializer):
    reason = serializers.CharField(required=False, max_length=2000)


FILTERS = words(
    q="Words in the subject's or resource's name.",
    subject="`bob` or `group:researchers`.",
    role="Slug of a role.",
    resource="Address of the resource it was given on.",
    status="`active`, `scheduled`, `expired` or `revoked`.",
)


class GrantDoor(Door):
    lookup_field = "pk"
    shown = GrantOut

    def rows(self) -> QuerySet[Grant]:
        return queries.search_grants(
            self.user,
            text=self.asked("q"),
            **{name: self.asked(name) for name in ("subject", "role", "resource", "status")},
        )

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, **address: Any) -> Response:
        return super().list(request)

    @op(GrantIn, GrantOut, 201)
    def create(self, request: Request) -> Response:
        asked = self.body()
        role, resource = asked.pop("role"), asked.pop("resource")
        subject = asked.pop("user", None) or asked.pop("group")
        return self.made(grants.give(role, subject, resource, by=self.user, **asked))

    @op(Why, GrantOut)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: Any) -> Response:
        return self.show(grants.revoke(self.get_object(), by=self.user, **self.body()))
