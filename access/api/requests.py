"""Requests: asked, approved or rejected step by step, taken back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access import queries
from access.actions import requests
from access.models import AccessRequest, ApprovalStep, Status
from accounts.api.fields import OwnField, ResourceField, RoleField, name_of
from accounts.purposes import Purpose
from audit.doors.noun import Door, op, words
from audit.doors.rest import StrictSerializer


class StepOut(serializers.ModelSerializer[ApprovalStep]):
    decided_by = serializers.CharField(source="decided_by.username", allow_null=True, default=None)

    class Meta:
        model = ApprovalStep
        fields = ("position", "who", "decision", "decided_by", "decided_at", "comment")


class RequestOut(serializers.ModelSerializer[AccessRequest]):
    requester = name_of("requester")
    subject = name_of("subject")
    role = serializers.CharField(source="role.slug")
    resource = serializers.CharField(source="resource.address")
    resource_uid = serializers.UUIDField(source="resource.uid")
    answer_by = serializers.DateTimeField()
    steps = StepOut(many=True)

    class Meta:
        model = AccessRequest
        fields = (
            "id", "requester", "subject", "role", "resource", "resource_uid", "purpose",
            "justification", "days", "status", "created_at", "answer_by", "decided_at",
            "grant_id", "steps",
        )  # fmt: skip


class RequestIn(StrictSerializer):
    resource = ResourceField()
    role = RoleField()
    purpose = serializers.ChoiceField(Purpose.choices)
    justification = serializers.CharField(max_length=5000)
    days = serializers.IntegerField(required=False, min_value=1, max_value=365)
    subject = OwnField(required=False, help_text="A service of yours; you, when left out.")


class Approval(StrictSerializer):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=5000)


class Rejection(StrictSerializer):
    comment = serializers.CharField(max_length=5000, help_text="Why: the requester reads it.")


FILTERS = words(
    q="Words in who, what, which role and why.",
    status=f"One of {', '.join(Status.values)}.",
    inbox="`1`: what waits for your decision, oldest first.",
)


class RequestDoor(Door):
    lookup_field = "pk"
    shown = RequestOut

    def rows(self) -> QuerySet[AccessRequest]:
        return queries.requests(self.user).prefetch_related("steps__decided_by")

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, **address: Any) -> Response:
        """Yours, and those you have a say in."""
        found = self.rows()
        if self.asked("inbox") == "1":
            found = queries.waiting(self.user).prefetch_related("steps__decided_by")
        found = queries.search(found, self.asked("q"))
        if status := self.asked("status"):
            found = found.filter(status=status)
        return self.page(found)

    @op(RequestIn, RequestOut, 201)
    def create(self, request: Request) -> Response:
        asked = self.body()
        resource, role = asked.pop("resource"), asked.pop("role")
        return self.made(requests.submit(resource, role, by=self.user, **asked))

    @op(Approval, RequestOut)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: Any) -> Response:
        """One step; the last one opens the grant."""
        return self.show(requests.approve(self.get_object(), by=self.user, **self.body()))

    @op(Rejection, RequestOut)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: Any) -> Response:
        return self.show(requests.reject(self.get_object(), by=self.user, **self.body()))

    @op(gives=RequestOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any) -> Response:
        return self.show(requests.cancel(self.get_object(), by=self.user, **self.body()))
