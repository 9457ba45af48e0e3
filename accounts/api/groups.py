"""Groups and who is in them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.actions import groups
from accounts.api.fields import PersonField, name_of
from accounts.models import Membership
from audit.doors.noun import Door, op
from audit.doors.rest import StrictSerializer


class GroupOut(serializers.ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ("id", "name")


class GroupIn(StrictSerializer):
    name = serializers.CharField(max_length=150)


class MemberOut(serializers.ModelSerializer[Membership]):
    user = name_of("user")
    group = serializers.CharField(source="group.name")

    class Meta:
        model = Membership
        fields = ("user", "group", "opened_at", "closed_at")


class MemberIn(StrictSerializer):
    user = PersonField()


class GroupDoor(Door):
    lookup_field = "pk"
    lookup_value_converter = "int"
    shown = GroupOut

    def rows(self) -> QuerySet[Group]:
        return queries.groups(self.user)

    @op(GroupIn, GroupOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(groups.create(by=self.user, **self.body()))

    @op(GroupIn, GroupOut)
    def partial_update(self, request: Request, pk: Any) -> Response:
        return self.show(groups.rename(self.get_object(), by=self.user, **self.body()))

    @op(gives=MemberOut(many=True))
    @action(detail=True)
    def members(self, request: Request, pk: Any) -> Response:
        return self.page(queries.members(self.user, self.get_object()), MemberOut)

    @op(MemberIn, MemberOut, 201)
    @members.mapping.post
    def add_member(self, request: Request, pk: Any) -> Response:
        group, member = self.get_object(), self.body()["user"]
        row = groups.add_member(group, member, by=self.user)
        return self.made(row, MemberOut, "api-group-member", pk=group.pk, name=member.username)

    @op(status=204)
    @action(detail=True, methods=["delete"], url_path="members/<str:name>", url_name="member")
    def remove_member(self, request: Request, pk: Any, name: str) -> Response:
        group = self.get_object()
        member = get_object_or_404(queries.members(self.user, group), user__username=name)
        groups.remove_member(group, member.user, by=self.user)
        return Response(status=204)
