"""Keyset cursors: where a page of a list ends, signed, so that the next one starts there."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Q, QuerySet
from django.utils.timezone import now


class Forged(ValueError):
    """Not a cursor of ours, or one of another list."""


def ordering(queryset: QuerySet[Any]) -> list[str]:
    """The model's own order, made total by the primary key."""
    order = [str(o) for o in (queryset.query.order_by or queryset.model._meta.ordering)]
    names = {name.lstrip("-") for name in order}
    if not names & {"pk", queryset.model._meta.pk.name}:
        order.append("-pk" if order and order[-1].startswith("-") else "pk")
    return order


def after(order: list[str], values: list[Any]) -> Q:
    """Rows behind the last one, column by column; an index walks by the first one's bound."""
    first, way = order[0].lstrip("-"), "lte" if order[0].startswith("-") else "gte"
    bound = Q(**{f"{first}__{way}": values[0]})
    reached, same = Q(pk__in=[]), Q()
    for name, value in zip(order, values, strict=True):
        plain = name.lstrip("-")
        way = "lt" if name.startswith("-") else "gt"
        reached |= same & Q(**{f"{plain}__{way}": value})
        same &= Q(**{plain: value})
    return bound & reached


def fetch(rows: QuerySet[Any], order: list[str], size: int, edge: Any = None) -> list[Any]:
    """The next rows. Of a model with a `window` those near the edge are tried first: in a table of
    many parts most pages fill from one or two, where the planner would read and sort all of them.
    """
    ordered = rows.order_by(*order)
    window, first = getattr(rows.model, "window", None), order[0]
    if window is None or (edge is None and not first.startswith("-")):
        return list(ordered[:size])
    at = edge if isinstance(edge, datetime) else datetime.fromisoformat(edge) if edge else now()
    way, near = ("gte", at - window) if first.startswith("-") else ("lte", at + window)
    found = list(ordered.filter(**{f"{first.lstrip('-')}__{way}": near})[:size])
    return found if len(found) == size else list(ordered[:size])


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
        raise Forged from None
    if asked != order:
        raise Forged
    return list(values)
