"""A list as a page: keyset paging both ways, and only the list itself when htmx asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from audit.doors.cursor import Forged, after, fetch, make_cursor, ordering, read_cursor

BACK = "-"  # in front of a cursor that walks towards the first row


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the query strings of its neighbours."""

    rows: list[Any]
    newer: str = ""
    older: str = ""


def page(queryset: QuerySet[Any], query: QueryDict, size: int = 50, edge: Any = None) -> Page:
    """The rows that `?cursor=` asks for; a cursor that is not ours starts from the top.

    `edge`: of a model with a window, where the top lies.
    """
    order = ordering(queryset)
    asked = query.get("cursor", "")
    back = asked.startswith(BACK)
    way = [flip(name) for name in order] if back else order
    try:
        values = read_cursor(asked.removeprefix(BACK), order) if asked else None
    except Forged:
        values, back, way = None, False, order
    rows = queryset if values is None else queryset.filter(after(way, values))
    found = fetch(rows, way, size + 1, values[0] if values else edge)
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    return neighbours(found, query, order, newer=more if back else bool(values), older=more or back)


def flip(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def neighbours(
    rows: list[Any], query: QueryDict, order: list[str], *, newer: bool, older: bool
) -> Page:
    def link(row: Any, mark: str = "") -> str:
        changed = query.copy()
        changed["cursor"] = mark + make_cursor(row, order)
        return f"?{changed.urlencode()}"

    return Page(
        rows,
        newer=link(rows[0], BACK) if newer and rows else "",
        older=link(rows[-1]) if older and rows else "",
    )


def show(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page, or its partial `list` for a search as one types."""
    asked: Any = getattr(request, "htmx", None)
    part = "#list" if asked and not asked.history_restore_request else ""
    response = render(request, f"{template}{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
