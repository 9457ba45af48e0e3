"""People and services as users: invited, deactivated, never deleted."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.actions import people
from accounts.api.grants import Why
from accounts.models import User
from audit.doors.noun import Door, op, words
from audit.doors.rest import StrictSerializer


class UserOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "name", "email", "kind", "is_active", "date_joined")


class UserIn(StrictSerializer):
    username = serializers.CharField(max_length=64)
    email = serializers.EmailField()
    name = serializers.CharField(required=False, max_length=150)


class UserDoor(Door):
    lookup_field = "pk"
    shown = UserOut

    def rows(self) -> QuerySet[User]:
        return queries.search_users(self.user, text=self.asked("q"))

    @extend_schema(parameters=words(q="Words in name, user name and e-mail address."))
    def list(self, request: Request, **address: Any) -> Response:
        return super().list(request)

    @op(UserIn, UserOut, 201)
    def create(self, request: Request) -> Response:
        """Invite somebody: the link to set a password goes to their address."""
        return self.made(people.invite(by=self.user, **self.body()))

    @op(Why, UserOut)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: Any) -> Response:
        return self.show(people.deactivate(self.get_object(), by=self.user, **self.body()))

    @op(gives=UserOut)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, pk: Any) -> Response:
        return self.show(people.reactivate(self.get_object(), by=self.user, **self.body()))
