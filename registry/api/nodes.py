"""What the doors of projects, datasets and models share: found by uid, moved between states."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from audit.doors.noun import Door, op, words
from audit.queries import as_path
from registry import queries
from registry.actions import states
from registry.api.facts import NewState

FILTERS = words(q="Words in address, name, description and tags.", path="The exact address.")


class NodeDoor(Door):
    lookup_field = "uid"
    kind: ClassVar[Kind]
    seen_with: ClassVar[Permission] = Permission.DISCOVER

    def get_object(self) -> Any:
        """That a hidden one was asked for is in the trail; the caller sees nothing."""
        found = queries.by_uid(self.user, self.kwargs["uid"], self.seen_with)
        if found.kind != self.kind:
            raise Http404
        return found

    def at(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        path = self.asked("path")
        return rows.filter(path=as_path(path)) if path else rows

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, **address: Any) -> Response:
        return self.page(self.at(self.get_queryset()))


class StateDoor(NodeDoor):
    @op(NewState)
    @action(detail=True, methods=["post"])
    def state(self, request: Request, uid: Any) -> Response:
        """Publish, deprecate, withdraw, retire."""
        asked = self.body()
        node = self.get_object()
        return self.show(states.set_state(node, asked.pop("state"), by=self.user, **asked))
