"""REST: strict JSON in, problem+json out (RFC 9457), keyset pages; one place for every API."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import Q, QuerySet
from django.http import Http404
from rest_framework import exceptions, pagination, parsers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.context import origin

MAX_DEPTH = 20  # levels of nesting that a body of ours could need, and then some
MAX_LIMIT = 100


class StrictJSONParser(parsers.JSONParser):
    """No NaN, no repeated names, no bottomless nesting."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode("utf-8")
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


def body(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The validated body of a request."""
    asked = serializer(data=request.data, context={"request": request})
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


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
    if reason := getattr(error, "reason", None):
        answer["reason"] = reason
    if fields:
        answer["errors"] = fields
    response = Response(answer, status=status, content_type="application/problem+json")
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
        return getattr(error, "status", 422), " ".join(error.messages), fields
    if isinstance(error, exceptions.ValidationError):
        fields = flatten(error.detail)
        return 422, " ".join(f"{k}: {' '.join(v)}" for k, v in fields.items()), fields
    if isinstance(error, exceptions.APIException):
        return error.status_code, str(error.detail), {}
    return None, "", {}


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
        limit = page_size(query.get("limit"))
        if cursor := query.get("cursor"):
            queryset = queryset.filter(after(self.order, read_cursor(cursor, self.order)))
        rows = list(queryset.order_by(*self.order)[: limit + 1])
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


def page_size(text: str | None) -> int:
    if text is None:
        return 25
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_LIMIT:
        raise serializers.ValidationError({"limit": [f"A whole number from 1 to {MAX_LIMIT}."]})
    return int(text)


def ordering(queryset: QuerySet[Any]) -> list[str]:
    """The model's own order, made total by the primary key."""
    order = [str(o) for o in (queryset.query.order_by or queryset.model._meta.ordering)]
    names = {name.lstrip("-") for name in order}
    if not names & {"pk", queryset.model._meta.pk.name}:
        order.append("-pk" if order and order[-1].startswith("-") else "pk")
    return order


def after(order: list[str], values: list[Any]) -> Q:
    """Rows behind the last one, column by column."""
    reached, same = Q(pk__in=[]), Q()
    for name, value in zip(order, values, strict=True):
        plain = name.lstrip("-")
        way = "lt" if name.startswith("-") else "gt"
        reached |= same & Q(**{f"{plain}__{way}": value})
        same &= Q(**{plain: value})
    return reached


def make_cursor(row: Any, order: list[str]) -> str:
    values = []
    for name in order:
        value: Any = row
        for part in name.lstrip("-").split("__"):
            value = getattr(value, part)
        values.append(value.isoformat() if isinstance(value, datetime) else str(value))
    text = Signer(salt="cursor").sign(json.dumps([order, values]))
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_cursor(cursor: str, order: list[str]) -> list[Any]:
    try:
        text = Signer(salt="cursor").unsign(base64.urlsafe_b64decode(cursor.encode()).decode())
        asked, values = json.loads(text)
    except (ValueError, BadSignature):
        raise BadCursor from None
    if asked != order:
        raise BadCursor
    return list(values)
