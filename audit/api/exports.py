"""Exports over REST: ask, poll, fetch; and the searches that one keeps."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit import queries
from audit.actions import exports, searches
from audit.doors.noun import Door, op
from audit.doors.rest import StrictSerializer
from audit.exports import progress
from audit.models import Export, SavedSearch
from audit.search import Search


class ExportIn(StrictSerializer):
    q = serializers.CharField(max_length=500, allow_blank=True, default="")
    format = serializers.ChoiceField(choices=Export.Format.choices, default=Export.Format.JSONL)


class ExportOut(serializers.ModelSerializer[Export]):
    """`manifest` stands there once the state is `done`: query, rows, SHA-256."""

    q = serializers.CharField(source="query")
    percent = serializers.SerializerMethodField()
    manifest = serializers.JSONField()

    class Meta:
        model = Export
        fields = ("uid", "q", "format", "state", "percent", "asked_at", "manifest")

    def get_percent(self, export: Export) -> int:
        return 100 if export.state == Export.State.DONE else progress.of(export).percent


class ExportDoor(Door):
    lookup_field = "uid"
    shown = ExportOut

    def rows(self) -> QuerySet[Export]:
        queries.readable(self.user)
        return queries.exports(self.user)

    @op(ExportIn, ExportOut, 201)
    def create(self, request: Request, **address: Any) -> Response:
        """A worker writes the file: ask for the export again until its state is `done`."""
        queries.readable(self.user)
        body = self.body()
        asked = exports.export(Search.of(body["q"]), format=body["format"], by=self.user)
        return self.made(asked)

    @op(gives=ExportOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **address: Any) -> Response:
        self.body()
        return self.show(exports.cancel_export(self.get_object(), by=self.user))

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, **address: Any) -> FileResponse:
        """Recorded, and refused once anything in it is not yours to read any more."""
        export = exports.download_export(self.get_object(), by=self.user)
        return FileResponse(export.path.open("rb"), as_attachment=True, filename=export.filename)


class SearchIn(StrictSerializer):
    name = serializers.CharField(max_length=60)
    q = serializers.CharField(max_length=500)
    shared = serializers.BooleanField(default=False)


class SearchOut(serializers.ModelSerializer[SavedSearch]):
    q = serializers.CharField(source="query")
    owner = serializers.CharField(source="owner.username")

    class Meta:
        model = SavedSearch
        fields = ("uid", "name", "q", "shared", "owner")


class SearchDoor(Door):
    """One's own saved searches, and those that are shared."""

    lookup_field = "uid"
    shown = SearchOut

    def rows(self) -> QuerySet[SavedSearch]:
        queries.readable(self.user)
        return queries.searches(self.user)

    @op(SearchIn, SearchOut, 201)
    def create(self, request: Request, **address: Any) -> Response:
        queries.readable(self.user)
        body = self.body()
        search = Search.of(body.pop("q"))
        return self.made(searches.save_search(search, **body, by=self.user))

    @op(status=204)
    def destroy(self, request: Request, **address: Any) -> Response:
        searches.delete_search(self.get_object(), by=self.user)
        return Response(status=204)
