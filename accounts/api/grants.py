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
from accounts.grants import Reach
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
    suspended_for = serializers.SerializerMethodField(help_text="What it waits for.")
    opened_by = serializers.CharField(source="opened_by.username")

    class Meta:
        model = Grant
        fields = (
            "id", "role", "subject", "resource", "resource_uid", "effect", "purpose", "starts_at",
            "expires_at", "first_version", "last_version", "new_versions", "status",
            "suspended_for", "replaces", "origin", "origin_id", "reason", "opened_at",
            "opened_by", "closed_at", "closed_reason",
        )  # fmt: skip

    def get_suspended_for(self, grant: Grant) -> str:
        waiting = next((s for s in grant.suspensions.all() if s.closed_at is None), None)
        return waiting.reason if waiting else ""


RANGE = ("first_version", "last_version", "new_versions")


class Ranged(StrictSerializer):
    """Which versions of a dataset or model; what is left out stays, or is all that lies there."""

    first_version = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    last_version = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    new_versions = serializers.ChoiceField(
        Grant.NewVersions.choices,
        required=False,
        help_text="Left out: `inherit` without a last version, else `ask`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The three as one; null as a first version says: all of them."""
        told = {name: attrs.pop(name, None) for name in RANGE if name in attrs}
        if told:
            first, last = told.get("first_version"), told.get("last_version")
            usual = "" if first is None else "inherit" if last is None else "ask"
            attrs["reach"] = Reach(first, last, told.get("new_versions") or usual)
        return attrs


class GrantIn(Ranged):
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
        return super().validate(attrs)


class Why(StrictSerializer):
    reason = serializers.CharField(required=False, max_length=2000)


class Reason(StrictSerializer):
    reason = serializers.CharField(max_length=2000, help_text="The holder reads it.")


class Narrower(Ranged):
    expires_at = serializers.DateTimeField(required=False)
    purpose = serializers.ChoiceField(Purpose.choices, required=False)
    reason = serializers.CharField(required=False, max_length=2000)


class Longer(Ranged):
    """At least what it has now: an earlier end or fewer versions are for `narrow`."""

    expires_at = serializers.DateTimeField(allow_null=True, help_text="null: without an end.")
    reason = serializers.CharField(required=False, max_length=2000)


FILTERS = words(
    q="Words in the subject's or resource's name.",
    subject="`bob` or `group:researchers`.",
    role="Slug of a role.",
    resource="Address of the resource it was given on.",
    status="`active`, `suspended`, `scheduled`, `expired`, `revoked` or `replaced`.",
)


class GrantDoor(Door):
    lookup_field = "pk"
    shown = GrantOut

    def rows(self) -> QuerySet[Grant]:
        return queries.search_grants(
            self.user,
            text=self.asked("q"),
            **{name: self.asked(name) for name in ("subject", "role", "resource", "status")},
        ).prefetch_related("suspensions")

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

    @op(Reason, GrantOut)
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, pk: Any) -> Response:
        """It gives nothing until it is resumed."""
        return self.show(grants.suspend(self.get_object(), by=self.user, **self.body()))

    @op(Why, GrantOut)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: Any) -> Response:
        return self.show(grants.resume(self.get_object(), by=self.user, **self.body()))

    @op(Narrower, GrantOut)
    @action(detail=True, methods=["post"])
    def narrow(self, request: Request, pk: Any) -> Response:
        """Answers with the grant that holds from now on; it replaces this one."""
        return self.show(grants.narrow(self.get_object(), by=self.user, **self.body()))

    @op(Longer, GrantOut)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, pk: Any) -> Response:
        """Answers with the grant that holds from now on; it replaces this one."""
        return self.show(grants.extend(self.get_object(), by=self.user, **self.body()))
