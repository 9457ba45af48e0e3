"""The trail over REST; looking at it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action as detail
from rest_framework.request import Request
from rest_framework.response import Response

from audit import queries
from audit.actions import proof, trail
from audit.budget import budget
from audit.doors.noun import Door, words
from audit.models import Event
from audit.qualifiers import QUALIFIERS
from audit.search import Search

SAME_REQUEST = 100  # events of one call that one answer shows


class EventOut(serializers.ModelSerializer[Event]):
    actor = serializers.CharField(source="actor_repr")
    resource = serializers.CharField(source="resource_path")
    object = serializers.CharField(source="object_repr")
    address = serializers.IPAddressField(source="remote_addr", allow_null=True)

    class Meta:
        model = Event
        fields = (
            "uid", "timestamp", "verb", "event_class", "outcome", "actor", "on_behalf_of", "key",
            "resource", "object", "purpose", "decision", "message", "door", "address", "agent",
            "request_id", "data",
        )  # fmt: skip


class ChangeOut(serializers.ModelSerializer[Event]):
    """One row that the act wrote: each field with what it was and what it is."""

    table = serializers.CharField(source="content_type.name", allow_null=True, default=None)
    object = serializers.CharField(source="object_repr")
    action = serializers.CharField(source="get_action_display")
    changes = serializers.JSONField()

    class Meta:
        model = Event
        fields = ("uid", "table", "object", "object_pk", "action", "changes")


class WholeEvent(EventOut):
    changes = ChangeOut(many=True)
    same_request = EventOut(many=True)

    class Meta(EventOut.Meta):
        fields = (*EventOut.Meta.fields, "changes", "same_request")  # type: ignore[assignment]


class Proof(serializers.Serializer[Any]):
    """One event as it was sealed, and its path to a signed root (docs/trail.md)."""

    format = serializers.CharField()
    index = serializers.IntegerField()
    size = serializers.IntegerField()
    event = serializers.JSONField()
    who = serializers.JSONField(required=False, help_text="Absent once it was redacted.")
    what = serializers.JSONField(required=False, help_text="Absent once it was redacted.")
    path = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField(help_text="A C2SP signed note.")


FILTERS = words(
    q="A search in the language of docs/trail-search.md: words and qualifiers.",
    text="Words, beside those of `q`.",
    **{
        name: f"{one.about}. As in `{one.example}`."
        for name, one in QUALIFIERS.items()
        if name != "key"  # refused in every address, lest one is pasted there: `q=key:…`
    },
)


class TrailDoor(Door):
    lookup_field = "uid"
    shown = EventOut

    def rows(self) -> QuerySet[Event]:
        return queries.events(self.user)

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, **address: Any) -> Response:
        """Newest first, as far as the trail is yours to read."""
        search = Search.read(request.query_params)
        self.record(trail.view_trail, search)
        self.edge = search.end  # read by the pages
        with budget():
            return self.page(queries.events(self.user, search))

    @extend_schema(responses=WholeEvent)
    def retrieve(self, request: Request, **address: Any) -> Response:
        """With its changes, and what else the same call left."""
        found = queries.event(self.user, address["uid"])
        self.record(trail.view_event, found)
        shown = EventOut(found).data
        changes = queries.changes(self.user, found).select_related("content_type")
        others = queries.same_request(self.user, found)[:SAME_REQUEST]
        parts = {
            "changes": ChangeOut(changes, many=True).data,
            "same_request": EventOut(others, many=True).data,
        }
        return Response(shown | parts)

    @extend_schema(responses=Proof)
    @detail(detail=True)
    def proof(self, request: Request, **address: Any) -> Response:
        """What `verify_bundle.py` checks without this site."""
        return Response(self.record(proof.prove, queries.event(self.user, address["uid"])))

    def record(self, action: Callable[..., Any], what: Any) -> Any:
        """Refused is not there; the refusal stands in the trail all the same."""
        try:
            return action(what, by=self.user)
        except PermissionDenied:
            raise Http404 from None
