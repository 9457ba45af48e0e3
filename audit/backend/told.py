"""Before a row is rewritten: its diff waits in the act, or what is written is what stands there."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.lookups import Exact

from audit.apps import recorded_fields
from audit.context import Act, Undiffed


def require_told(query: Any, act: Act) -> None:
    """A diff is made before its row is written. Whoever hands `save` a new object with an old
    key, or writes past `save`, makes none: then nothing that is recorded may change."""
    if any(hasattr(value, "resolve_expression") for _, _, value in query.values):
        raise Undiffed(f"{query.model._meta.label}: set a value, not an expression")
    key = keyed(query.where)
    if any(is_about(diff.row, query.model, key) for diff in reversed(act.diffs)):
        return
    shown = recorded_fields(query.model)
    new = {field: value for field, _, value in query.values if field.name in shown}
    if not new:
        return
    stands: Any = models.QuerySet(query.model)
    stands.query.where = query.where.clone()
    for old in stands.values_list(*(field.attname for field in new)):
        if any(differs(*pair) for pair in zip(new, old, new.values(), strict=True)):
            raise Undiffed(f"{query.model._meta.label}: written in a way that leaves no diff")


def keyed(where: Any) -> Any:
    [only, *more] = where.children or [None]
    return only.rhs if isinstance(only, Exact) and not more else None


def is_about(row: Any, model: Any, key: Any) -> bool:
    return isinstance(row, model) and row.pk == key


def differs(field: Any, old: Any, new: Any) -> bool:
    written: bool = field.get_prep_value(old) != field.get_prep_value(new)
    return written
