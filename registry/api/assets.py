"""Datasets and models over REST, and the versions of each."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.services import NewOwner
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.queries import May
from audit.doors.noun import op, words
from registry import queries
from registry.actions import assets, versions
from registry.api.facts import (
    AssetOut,
    DatasetIn,
    Facts,
    ModelFacts,
    ModelIn,
    ModelOut,
    NewPlace,
    WholeAsset,
    WholeModel,
)
from registry.api.nodes import FILTERS, StateDoor
from registry.api.versions import VersionIn, VersionOut

PROJECT = words(project="Slug of a project.")


class AssetDoor(StateDoor):
    whole: ClassVar[Any]

    def rows(self) -> QuerySet[Any]:
        return queries.assets_of(
            self.user, self.kind, text=self.asked("q"), project=self.asked("project")
        )

    @extend_schema(parameters=[*FILTERS, *PROJECT])
    def list(self, request: Request, **address: Any) -> Response:
        return super().list(request)

    def retrieve(self, request: Request, **address: Any) -> Response:
        """The card and the like are for readers: to others they are null."""
        asset = self.get_object()
        self.may_read = May(self.user, asset)[Permission.READ]
        return self.show(asset, self.whole)

    def told(self) -> dict[str, Any]:
        return super().told() | {"may_read": getattr(self, "may_read", False)}

    def register(self, asked: dict[str, Any]) -> Response:
        """A draft, there for its steward only, until it is published."""
        project = asked.pop("project")
        return self.made(assets.register(project, self.kind, by=self.user, **asked))

    @op(NewOwner)
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, uid: Any) -> Response:
        return self.show(assets.hand_over(self.get_object(), by=self.user, **self.body()))

    @op(NewPlace)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, uid: Any) -> Response:
        """Into another project, with all its versions; the uid stays, the address changes."""
        moved = assets.move(self.get_object(), by=self.user, **self.body())
        return self.show(queries.shaped(moved))

    @op(gives=VersionOut(many=True))
    @action(detail=True)
    def versions(self, request: Request, uid: Any) -> Response:
        """Newest first."""
        found = queries.versions(self.user, self.get_object())
        return self.page(found.order_by("-number"), VersionOut)

    @op(VersionIn, VersionOut, 201)
    @versions.mapping.post
    def open_version(self, request: Request, uid: Any) -> Response:
        """The next number, open for files until it is approved."""
        made = versions.open_version(self.get_object(), by=self.user, **self.body())
        return self.made(made, VersionOut, "api-version-detail", uid=made.uid)


class DatasetDoor(AssetDoor):
    kind = Kind.DATASET
    shown, whole = AssetOut, WholeAsset

    @extend_schema(responses=WholeAsset)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return super().retrieve(request)

    @op(DatasetIn, AssetOut, 201)
    def create(self, request: Request) -> Response:
        return self.register(self.body())

    @op(Facts, AssetOut)
    def partial_update(self, request: Request, uid: Any) -> Response:
        return self.show(assets.edit(self.get_object(), by=self.user, **self.body()))


class ModelDoor(AssetDoor):
    kind = Kind.MODEL
    shown, whole = ModelOut, WholeModel

    @extend_schema(responses=WholeModel)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return super().retrieve(request)

    @op(ModelIn, ModelOut, 201)
    def create(self, request: Request) -> Response:
        return self.register(self.body())

    @op(ModelFacts, ModelOut)
    def partial_update(self, request: Request, uid: Any) -> Response:
        return self.show(assets.edit(self.get_object(), by=self.user, **self.body()))
