"""Service accounts and the person who answers for each."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.actions import services
from accounts.api.fields import PersonField, name_of
from accounts.models import ServiceAccount
from audit.doors.noun import Door, op
from audit.doors.rest import StrictSerializer


class ServiceOut(serializers.ModelSerializer[ServiceAccount]):
    id = serializers.UUIDField(source="pk")
    username = name_of("user")
    owner = name_of("owner")
    is_active = serializers.BooleanField(source="user.is_active")

    class Meta:
        model = ServiceAccount
        fields = ("id", "username", "owner", "description", "is_active")


class ServiceIn(StrictSerializer):
    username = serializers.CharField(max_length=64)
    owner = PersonField()
    description = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class NewOwner(StrictSerializer):
    owner = PersonField()


class ServiceDoor(Door):
    lookup_field = "pk"
    shown = ServiceOut

    def rows(self) -> QuerySet[ServiceAccount]:
        return queries.services(self.user)

    @op(ServiceIn, ServiceOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(services.register(by=self.user, **self.body()))

    @op(NewOwner, ServiceOut)
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: Any) -> Response:
        return self.show(services.hand_over(self.get_object(), by=self.user, **self.body()))
