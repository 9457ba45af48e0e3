"""REST: strict JSON in, problem+json out (RFC 9457), keyset pages; one place for every API."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError
from django.http import Http404
from psycopg.errors import UniqueViolation
from rest_framework import exceptions, pagination, parsers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.context import origin
from audit.doors.cursor import Forged, after, fetch, make_cursor, ordering, read_cursor

MAX_DEPTH = 20  # levels of nesting that a body of ours could need, and then some
MAX_LIMIT = 100
PAGING = ("cursor", "limit")
PROBLEM = "application/problem+json"
# What the reason of a refusal says about the status; every other one is the caller's to correct.
STATUS = {"conflict": 409, "unique": 409, "unique_together": 409, "too_large": 413}


class StrictJSONParser(parsers.JSONParser):
    """No NaN, no repeated names, no bottomless nesting."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            text = whole(stream).decode("utf-8")
            body = json.loads(text, parse_constant=refuse_constant, object_pairs_hook=unique_names)
        except RecursionError:
            raise exceptions.ParseError(f"Nested deeper than {MAX_DEPTH} levels.") from None
        except ValueError as error:
            raise exceptions.ParseError(f"This is not JSON: {error}") from None
        if depth(body) > MAX_DEPTH:
            raise exceptions.ParseError(f"Nested deeper than {MAX_DEPTH} levels.")
        if not isinstance(body, dict):
            raise exceptions.ParseError("Send one JSON object.")
        return body


class StrictFormParser(parsers.FormParser):
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return super().parse(io.BytesIO(whole(stream)), media_type, parser_context)


class TooLarge(exceptions.APIException):
    status_code = 413

    def __init__(self) -> None:
        super().__init__(too_large())


def too_large() -> str:
    return (
        f"This body is over the limit of {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes: send less,"
        " and a file by PUT to its own address, in one stream."
    )


def whole(stream: Any) -> bytes:
    """A body that is held in memory; Django's own limit does not reach what DRF reads."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    read: bytes = stream.read(most + 1)
    if len(read) > most:
        raise TooLarge
    return read


def refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return body


def depth(value: Any) -> int:
    level, layer = 0, [value]
    while layer and level <= MAX_DEPTH:
        level += 1
        layer = [
            child
            for item in layer
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return level


class StrictSerializer(serializers.Serializer[Any]):
    """A body with a field that nobody asked for is refused, not trimmed."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            known = ", ".join(name for name, f in self.fields.items() if not f.read_only)
            message = f"Unknown field. Known: {known}."
            raise serializers.ValidationError({name: [message] for name in unknown})
        return super().to_internal_value(data)


class Nothing(StrictSerializer):
    """For a POST that needs no word: still, what it brings must be nothing."""


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error as application/problem+json; what we did not foresee stays a 500."""
    status, detail, fields = explain(error)
    if status is None:
        return None
    answer: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": str(origin().request_id),
    }
    if reason := getattr(error, "reason", None) or getattr(error, "code", None):
        answer["reason"] = reason
    if fields:
        answer["errors"] = fields
    response = Response(answer, status=status, content_type=PROBLEM)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def explain(error: Exception) -> tuple[int | None, str, dict[str, list[str]]]:
    if isinstance(error, Http404):
        return 404, "There is nothing here that you may see.", {}
    if isinstance(error, PermissionDenied):
        return 403, str(error) or "You may not do this.", {}
    if isinstance(error, ValidationError):
        fields = error.message_dict if hasattr(error, "error_dict") else {}
        return status_of(error), " ".join(error.messages), fields
    if isinstance(error, exceptions.ValidationError):
        fields = flatten(error.detail)
        return 422, " ".join(f"{k}: {' '.join(v)}" for k, v in fields.items()), fields
    if isinstance(error, exceptions.APIException):
        return error.status_code, str(error.detail), {}
    if isinstance(error, IntegrityError) and isinstance(error.__cause__, UniqueViolation):
        return 409, "Somebody did the same a moment ago: look at it and decide again.", {}
    if isinstance(error, SuspiciousOperation):
        over = isinstance(error, RequestDataTooBig)
        return (413, too_large(), {}) if over else (400, "This cannot be read.", {})
    return None, "", {}


def status_of(error: ValidationError) -> int:
    """422, unless each reason says the same other thing: 409 for what is so already."""
    reasons = getattr(error, "error_dict", {"": getattr(error, "error_list", [])}).values()
    found = {STATUS.get(reason.code or "", 422) for listed in reasons for reason in listed}
    return found.pop() if len(found) == 1 else 422


def flatten(detail: Any, name: str = "") -> dict[str, list[str]]:
    """DRF's nested errors as `a.b`: messages."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            found |= flatten(value, f"{name}.{key}" if name else str(key))
        return found
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        found = {}
        for index, value in enumerate(detail):
            found |= flatten(value, f"{name}.{index}" if name else str(index))
        return found
    return {name or "body": [str(item) for item in detail]}


class BadCursor(exceptions.APIException):
    status_code = 422
    default_detail = "Unknown cursor: take `next` from a page as it is, or start without one."


class KeysetPagination(pagination.BasePagination):
    """`?limit=&cursor=`: the next page starts after the last row, whatever was inserted since."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        query = request.GET
        self.base = request.build_absolute_uri(request.path)
        self.query = {k: v for k, v in query.items() if k != "cursor"}
        self.order = ordering(queryset)
        limit, edge = page_size(query.get("limit")), getattr(view, "edge", None)
        if cursor := query.get("cursor"):
            try:
                values = read_cursor(cursor, self.order)
            except Forged:
                raise BadCursor from None
            queryset, edge = queryset.filter(after(self.order, values)), values[0]
        rows = fetch(queryset, self.order, limit + 1, edge)
        self.next = make_cursor(rows[limit - 1], self.order) if len(rows) > limit else None
        return rows[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        cursor = {"type": ["string", "null"], "description": "Pass it as `cursor`."}
        properties = {"results": schema, "next": cursor}
        return {"type": "object", "required": ["results", "next"], "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 25}
        return [
            {"name": "limit", "in": "query", "schema": limit},
            {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        ]


def require_known(query: Mapping[str, Any], known: Iterable[str]) -> None:
    """A parameter that nobody reads is a mistake of the caller: a filter that does not filter."""
    if unknown := sorted(set(query) - set(known)):
        names = f"Known: {', '.join(sorted(known))}." if known else "This address takes none."
        raise serializers.ValidationError(
            {name: [f"Unknown parameter. {names}"] for name in unknown}
        )


def page_size(text: str | None) -> int:
    if text is None:
        return 25
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_LIMIT:
        raise serializers.ValidationError({"limit": [f"A whole number from 1 to {MAX_LIMIT}."]})
    return int(text)
