"""The base of every noun of REST: a list, a row, and methods that call one action each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import negotiation, serializers, viewsets
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from audit.doors.rest import PAGING, Nothing, StrictSerializer, require_known
from audit.hidden import find

MAX_WORDS = 500  # characters of a search

M = TypeVar("M", bound=Callable[..., Any])


def op(
    asks: type[StrictSerializer] | None = None, gives: Any = None, status: int = 200, **schema: Any
) -> Callable[[M], M]:
    """What a method takes and answers: read by `Door.body` and by the schema."""

    def decorate(method: M) -> M:
        method.asks = asks or Nothing  # type: ignore[attr-defined]
        method.pages = isinstance(gives, serializers.ListSerializer)  # type: ignore[attr-defined]
        answer = {status: gives} if gives or status == 204 else empty  # empty: what the noun shows
        described: M = extend_schema(request=asks, responses=answer, **schema)(method)
        return described

    return decorate


def words(**about: str) -> list[OpenApiParameter]:
    """Query parameters, each with what it means."""
    return [OpenApiParameter(name, description=text) for name, text in about.items()]


class JSONOnly(negotiation.DefaultContentNegotiation):
    """Whatever the caller would like to read: JSON, or the bytes of a file."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


def query_names(parameter: Any) -> set[str]:
    """Of one parameter, or of a serializer whose fields are parameters."""
    if isinstance(parameter, OpenApiParameter):
        return {parameter.name} if parameter.location == OpenApiParameter.QUERY else set()
    return set(parameter().fields)


class Door(viewsets.GenericViewSet[Any]):
    """One noun: it lists and shows `rows`, takes a body in, calls one action, shows the result."""

    content_negotiation_class = JSONOnly
    metadata_class = None  # OPTIONS tells nothing: the schema does
    lookup_value_converter = "uuid"
    shown: ClassVar[Any]  # the serializer of an answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action:
            require_known(request.query_params, self.known())

    def known(self) -> set[str]:
        """The query parameters of this method: what the schema tells of, and nothing else."""
        method = getattr(self, self.action, None)  # OPTIONS has an action and no method
        found = set(PAGING) if self.action == "list" or getattr(method, "pages", False) else set()
        if schema := getattr(method, "kwargs", {}).get("schema"):
            schema = schema()
            schema.view = self
            parameters = schema.get_override_parameters()
            found |= {name for parameter in parameters for name in query_names(parameter)}
        return found

    @property
    def user(self) -> Any:
        return self.request.user

    def rows(self) -> QuerySet[Any]:
        """What this person may see: a query of the app."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        return self.rows()

    def get_object(self) -> Any:
        """That a hidden one was asked for is in the trail; the caller sees nothing."""
        lookup = {self.lookup_field: self.kwargs[self.lookup_field]}
        return find(self.user, self.rows(), **lookup)

    def get_serializer_class(self) -> Any:
        return self.shown

    def list(self, request: Request, **address: Any) -> Response:
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, **address: Any) -> Response:
        return self.show(self.get_object())

    def asked(self, name: str, default: str = "") -> str:
        """A query parameter that a database can search for."""
        text = self.request.query_params.get(name, default)
        if "\x00" in text or len(text) > MAX_WORDS:
            raise serializers.ValidationError(
                {name: [f"At most {MAX_WORDS} characters, without NUL."]}
            )
        return text

    def body(self) -> dict[str, Any]:
        """The validated body, by what the method asks for."""
        asked = getattr(self, self.action).asks(data=self.request.data, context=self.told())
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def told(self) -> dict[str, Any]:
        return {"request": self.request}

    def page(self, rows: QuerySet[Any], shown: Any = None) -> Response:
        found = self.paginate_queryset(rows)
        out = (shown or self.shown)(found, many=True, context=self.told())
        return self.get_paginated_response(out.data)

    def show(self, row: Any, shown: Any = None, status: int = 200) -> Response:
        return Response((shown or self.shown)(row, context=self.told()).data, status=status)

    def made(self, row: Any, shown: Any = None, at: str = "", **address: Any) -> Response:
        """201, and where it is from now on."""
        answer = self.show(row, shown, 201)
        address = address or {self.lookup_field: getattr(row, self.lookup_field)}
        answer["Location"] = reverse(at or f"{self.basename}-detail", None, address)
        return answer
