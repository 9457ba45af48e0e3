"""Why, who and what: the whole path of an answer and its sets, now or as it stood then."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import queries
from accounts.api.decide import Question
from accounts.api.fields import WHERE, lookup
from accounts.api.grants import GrantOut
from accounts.explanation import Explanation, Gate
from accounts.models import Resource, User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from audit.doors.noun import Door
from audit.doors.rest import StrictSerializer

AS_OF = "As it stood then, and the resource by its address of then; now, when left out."


class WhyQuestion(Question):
    at = serializers.DateTimeField(required=False, help_text=AS_OF)


class GateOut(serializers.Serializer[Gate]):
    name = serializers.CharField()
    reason = serializers.CharField(help_text="Empty: passed.")
    detail = serializers.CharField()


# What the address of a grant itself keeps from whoever may not open it.
WITHHELD = {"reason": "", "closed_reason": "", "suspended_for": "", "opened_by": "",
            "origin_id": None, "replaces": None}  # fmt: skip
UNNAMED = {"resource": "", "resource_uid": None}


class PathOut(serializers.Serializer[queries.Told]):
    outcome = serializers.CharField(
        source="path.reason", help_text="`gives`, `denies`, or why it does neither."
    )
    grant = GrantOut(source="path.grant")
    event = serializers.UUIDField(
        source="born.uid", default=None, allow_null=True, help_text="The act that gave it."
    )

    def to_representation(self, told: queries.Told) -> dict[str, Any]:
        found = super().to_representation(told)
        withheld = {} if told.may_open else WITHHELD
        unnamed = {} if told.may_name else UNNAMED
        return found | {"grant": found["grant"] | withheld | unnamed}


class WhyAnswer(serializers.Serializer[Explanation]):
    allowed = serializers.BooleanField()
    reason = serializers.CharField()
    subject = serializers.CharField(source="subject.username")
    permission = serializers.CharField()
    resource = serializers.CharField(source="resource.address")
    resource_then = serializers.SerializerMethodField(
        help_text="What it was called at that time, where that was something else."
    )
    purpose = serializers.CharField()
    at = serializers.DateTimeField()
    grant = serializers.UUIDField(source="grant.pk", default=None, allow_null=True)
    gates = GateOut(many=True)
    paths = serializers.SerializerMethodField()

    def get_resource_then(self, found: Explanation) -> str:
        return queries.address_then(self.context["request"].user, found)

    @extend_schema(responses=PathOut(many=True))
    def get_paths(self, found: Explanation) -> list[dict[str, Any]]:
        told: Any = queries.told(self.context["request"].user, found)
        paths: Any = PathOut(told, many=True).data
        return paths  # type: ignore[no-any-return]


class Explain(APIView):
    @extend_schema(
        request=WhyQuestion, responses=WhyAnswer, operation_id="explain", tags=["explain"]
    )
    def post(self, request: Request) -> Response:
        """Every gate and every grant behind an answer, without a key."""
        asked = WhyQuestion(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        told: dict[str, Any] = dict(asked.validated_data)
        where, permission = lookup(told.pop("resource")), told.pop("permission")
        user: Any = request.user
        found = queries.explained(user, permission, **told, **where)
        return Response(WhyAnswer(found, context={"request": request}).data)


class WhoQuestion(StrictSerializer):
    permission = serializers.ChoiceField(Permission.choices)
    resource = serializers.CharField(max_length=500, help_text=WHERE)
    at = serializers.DateTimeField(required=False, help_text=AS_OF)


class WhatQuestion(StrictSerializer):
    permission = serializers.ChoiceField(Permission.choices)
    subject = serializers.CharField(
        max_length=64, required=False, help_text="User name; you, when left out."
    )
    kind = serializers.ChoiceField(Kind.choices, required=False)
    at = serializers.DateTimeField(required=False, help_text=AS_OF)


class SubjectOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("username", "name", "kind")


class PlaceOut(serializers.ModelSerializer[Resource]):
    class Meta:
        model = Resource
        fields = ("uid", "address", "kind", "name", "state", "classification")


class SetDoor(Door):
    """A set as a list: the question stands in the address, and nothing else may."""

    asks: type[StrictSerializer]

    def question(self) -> dict[str, Any]:
        pages = ("limit", "cursor")
        data = {k: v for k, v in self.request.query_params.items() if k not in pages and v}
        asked = self.asks(data=data, context=self.told())
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)


class WhoDoor(SetDoor):
    """Every subject that may do it there, for those who review the place."""

    asks, shown = WhoQuestion, SubjectOut

    def rows(self) -> QuerySet[User]:
        asked = self.question()
        where, permission = lookup(asked.pop("resource")), asked.pop("permission")
        return queries.who_at(self.user, permission, **asked, **where)

    @extend_schema(parameters=[WhoQuestion], operation_id="who_can")
    def list(self, request: Request, **address: Any) -> Response:
        return super().list(request)


class WhatDoor(SetDoor):
    """Everything on which a subject may do it, as far as the caller may see."""

    asks, shown = WhatQuestion, PlaceOut

    def rows(self) -> QuerySet[Resource]:
        asked = self.question()
        return queries.what_at(self.user, asked.pop("permission"), **asked)

    @extend_schema(parameters=[WhatQuestion], operation_id="what_can")
    def list(self, request: Request, **address: Any) -> Response:
        return super().list(request)
