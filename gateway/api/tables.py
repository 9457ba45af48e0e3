"""Routes, aliases, conditions and properties: listed, added, removed; and the counted answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PersonField, ResourceField
from audit.doors.noun import Door, op
from audit.doors.rest import StrictSerializer
from gateway import queries
from gateway.actions import aliases, properties, routes
from gateway.models import Alias, Condition, DecisionCount, Fact, Route
from gateway.models.names import KINDS
from gateway.models.properties import Operator, Source
from gateway.models.routes import Method
from gateway.permissions import CHOICES

SCALARS = [{"type": kind} for kind in ("string", "number", "boolean")]


@extend_schema_field({"oneOf": [*SCALARS, {"type": "array", "items": {"oneOf": SCALARS}}]})
class ValueField(serializers.JSONField):
    """A text, a number, true or false; a list of them where the operator takes one."""


class RouteOut(serializers.ModelSerializer[Route]):
    class Meta:
        model = Route
        fields = ("id", "host", "methods", "pattern", "permission", "address")


class RouteIn(StrictSerializer):
    host = serializers.CharField(max_length=255, help_text="Lower case, without port.")
    methods = serializers.ListField(
        child=serializers.ChoiceField(Method.choices), min_length=1, max_length=len(Method)
    )
    pattern = serializers.CharField(max_length=500, help_text="As in /v1/models/{name}/infer.")
    permission = serializers.ChoiceField(CHOICES)
    address = serializers.CharField(max_length=300, help_text="As in oncology/{name}.")


class AliasOut(serializers.ModelSerializer[Alias]):
    class Meta:
        model = Alias
        fields = ("id", "resource_type", "action", "kind", "permission", "address")


class AliasIn(StrictSerializer):
    resource_type = serializers.CharField(max_length=100)
    action = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(KINDS)
    permission = serializers.ChoiceField(CHOICES)
    address = serializers.CharField(
        required=False, max_length=300, help_text="With their {id} in it, as in records/{id}."
    )


class ConditionOut(serializers.ModelSerializer[Condition]):
    when_value = ValueField(allow_null=True)
    must_value = ValueField()

    class Meta:
        model = Condition
        fields = (
            "id", "resource_type", "action",
            "when_source", "when_name", "when_operator", "when_value",
            "must_source", "must_name", "must_operator", "must_value",
        )  # fmt: skip


class ConditionIn(StrictSerializer):
    resource_type = serializers.CharField(max_length=100)
    action = serializers.CharField(max_length=100)
    when_source = serializers.ChoiceField(Source.choices, required=False)
    when_name = serializers.CharField(required=False, max_length=100)
    when_operator = serializers.ChoiceField(Operator.choices, required=False)
    when_value = ValueField(required=False)
    must_source = serializers.ChoiceField(Source.choices)
    must_name = serializers.CharField(max_length=100)
    must_operator = serializers.ChoiceField(Operator.choices)
    must_value = ValueField()


class FactOut(serializers.ModelSerializer[Fact]):
    person = serializers.CharField(source="user.username", allow_null=True, default=None)
    resource = serializers.CharField(source="resource.address", allow_null=True, default=None)
    value = ValueField()

    class Meta:
        model = Fact
        fields = ("id", "person", "resource", "name", "value")


class FactIn(StrictSerializer):
    person = PersonField(required=False)
    resource = ResourceField(required=False)
    name = serializers.CharField(max_length=100)
    value = ValueField()


class CountOut(serializers.ModelSerializer[DecisionCount]):
    subject = serializers.CharField(source="subject.username")
    resource = serializers.CharField(source="resource.address")

    class Meta:
        model = DecisionCount
        fields = (
            "id", "subject", "permission", "resource", "minute", "count", "first_at", "last_at",
        )  # fmt: skip


class TableDoor(Door):
    """Rows are added and removed, never edited: what counted when stays plain."""

    lookup_field = "pk"
    removes: ClassVar[Callable[..., Any]]

    @op(status=204)
    def destroy(self, request: Request, pk: Any) -> Response:
        type(self).removes(self.get_object(), by=self.user)
        return Response(status=204)


class RouteDoor(TableDoor):
    shown = RouteOut
    removes = routes.remove

    def rows(self) -> QuerySet[Route]:
        return queries.routes(self.user)

    @op(RouteIn, RouteOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(routes.add(by=self.user, **self.body()))


class AliasDoor(TableDoor):
    shown = AliasOut
    removes = aliases.remove

    def rows(self) -> QuerySet[Alias]:
        return queries.aliases(self.user)

    @op(AliasIn, AliasOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(aliases.add(by=self.user, **self.body()))


class ConditionDoor(TableDoor):
    shown = ConditionOut
    removes = properties.remove_condition

    def rows(self) -> QuerySet[Condition]:
        return queries.conditions(self.user)

    @op(ConditionIn, ConditionOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(properties.add_condition(by=self.user, **self.body()))


class FactDoor(TableDoor):
    shown = FactOut
    removes = properties.remove_fact

    def rows(self) -> QuerySet[Fact]:
        return queries.facts(self.user)

    @op(FactIn, FactOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(properties.add_fact(by=self.user, **self.body()))


class CountDoor(Door):
    lookup_field = "pk"
    lookup_value_converter = "int"
    shown = CountOut

    def rows(self) -> QuerySet[DecisionCount]:
        return queries.counts(self.user)
