"""Legal holds over REST: list, place, lift."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit import kept
from audit.actions import keeping
from audit.doors.noun import Door, op
from audit.doors.rest import StrictSerializer
from audit.models import Hold


class HoldIn(StrictSerializer):
    path = serializers.CharField(max_length=500, help_text="An address, or / for everything.")
    reason = serializers.CharField(max_length=2000)


class HoldOut(serializers.ModelSerializer[Hold]):
    placed_by = serializers.CharField(source="placed_by.username")
    lifted_by = serializers.CharField(source="lifted_by.username", allow_null=True, default=None)

    class Meta:
        model = Hold
        fields = ("id", "path", "reason", "placed_by", "placed_at", "lifted_by", "lifted_at")


class HoldDoor(Door):
    """While one is open, nothing under its path is retired or redacted."""

    shown = HoldOut

    def rows(self) -> QuerySet[Hold]:
        kept.require(kept.keeps_holds(self.user))
        return kept.holds(self.user, lifted=True)

    @op(HoldIn, HoldOut, 201)
    def create(self, request: Request, **address: Any) -> Response:
        kept.require(kept.keeps_holds(self.user))
        return self.made(keeping.place_hold(**self.body(), by=self.user))

    @op(gives=HoldOut)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, **address: Any) -> Response:
        """By another person than the one who placed it."""
        self.body()
        return self.show(keeping.lift_hold(self.get_object(), by=self.user))
