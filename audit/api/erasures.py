"""Erasures over REST: ask, plan, and carry out what somebody else planned."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit import kept
from audit.actions import erasures
from audit.doors.noun import Door, op
from audit.doors.rest import StrictSerializer
from audit.models import Erasure


class ErasureIn(StrictSerializer):
    person = serializers.CharField(max_length=150, help_text="A user name, of who left.")
    reason = serializers.CharField(max_length=2000, help_text="Names nobody: it stays.")


class PlanIn(StrictSerializer):
    chosen = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**53),
        default=list,
        max_length=1000,
        help_text="Of `plan.mentions`, those that tell of the person.",
    )


class RedactIn(StrictSerializer):
    plan = serializers.CharField(max_length=64, help_text="`plan.digest` of what you looked at.")


class ErasureOut(serializers.ModelSerializer[Erasure]):
    """`plan`: how many records of which kind lose `who` did it or `what` they say."""

    person = serializers.CharField(source="subject.username")
    asked_by = serializers.CharField(source="asked_by.username")
    done_by = serializers.CharField(source="done_by.username", allow_null=True, default=None)
    plan = serializers.JSONField()

    class Meta:
        model = Erasure
        fields = ("id", "person", "reason", "asked_by", "asked_at", "plan", "done_by", "done_at")


class MentionOut(serializers.Serializer[Any]):
    record = serializers.IntegerField()
    chosen = serializers.BooleanField(help_text="It loses what it says.")
    time = serializers.DateTimeField()
    verb = serializers.CharField()
    actor = serializers.CharField()
    object = serializers.CharField()
    message = serializers.CharField()
    changes = serializers.JSONField()
    facts = serializers.JSONField()


class MentionsOut(serializers.Serializer[Any]):
    mentions = MentionOut(many=True)


class ErasureDoor(Door):
    shown = ErasureOut

    def rows(self) -> QuerySet[Erasure]:
        kept.require(kept.keeps_erasures(self.user))
        return kept.erasures(self.user)

    @op(ErasureIn, ErasureOut, 201)
    def create(self, request: Request, **address: Any) -> Response:
        kept.require(kept.keeps_erasures(self.user))
        body = self.body()
        person = kept.erasable(self.user).filter(username=body["person"].lower()).first()
        if person is None:
            told = ["Nobody who left has this user name: deactivate them first."]
            raise serializers.ValidationError({"person": told})
        return self.made(erasures.ask_erasure(person, body["reason"], by=self.user))

    @op(PlanIn, ErasureOut)
    @action(detail=True, methods=["post"])
    def plan(self, request: Request, **address: Any) -> Response:
        """By the one who asked; 409 while something of theirs is not sealed yet."""
        chosen = self.body()["chosen"]
        return self.show(erasures.plan_erasure(self.get_object(), chosen, by=self.user))

    @op(gives=MentionsOut)
    @action(detail=True, methods=["get"])
    def mentions(self, request: Request, **address: Any) -> Response:
        """What a plan asks about, to who reads the trail; to who approves it, what it takes."""
        found = self.get_object()
        listed = kept.mentions(self.user, found)
        if listed:
            erasures.view_mentions(found, by=self.user)
        return self.show({"mentions": kept.as_said(found, listed)}, MentionsOut)

    @op(RedactIn, ErasureOut)
    @action(detail=True, methods=["post"])
    def redact(self, request: Request, **address: Any) -> Response:
        """By a second person, and for good; 409 when the plan is not what they saw."""
        seen = self.body()["plan"]
        return self.show(erasures.redact(self.get_object(), seen, by=self.user))
