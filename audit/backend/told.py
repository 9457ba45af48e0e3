"""Before a row is rewritten: its diff waits in the act, or what is written is what stands there."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.apps import recorded_fields
from audit.backend.keys import named
from audit.context import Act, Undiffed


def require_told(query: Any, act: Act) -> None:
    """A diff is made before its row is written. Whoever hands `save` a new object with an old
    key, or writes past `save`, makes none: then nothing that is recorded may change."""
    if any(hasattr(value, "resolve_expression") for _, _, value in query.values):
        raise Undiffed(f"{query.model._meta.label}: set a value, not an expression")
    diff = newest(query, act)
    if diff is not None and query.model not in diff.spent:
        diff.spent.add(query.model)
    elif changes(query):
        raise Undiffed(f"{query.model._meta.label}: written in a way that leaves no diff")


def newest(query: Any, act: Act) -> Any:
    """The last diff of the one row that is rewritten: those before it tell what stood earlier."""
    keys = named(query)
    return next(
        (d for d in reversed(act.diffs) if len(keys) == 1 and tells(d, query.model, keys)), None
    )


def tells(diff: Any, model: Any, keys: set[Any]) -> bool:
    if diff.action != diff.Action.UPDATE or not isinstance(diff.row, model):
        return False
    return model._meta.pk.to_python(diff.object_pk) in keys


def changes(query: Any) -> bool:
    """Does any recorded field of what is to be rewritten hold another value now?"""
    shown = recorded_fields(query.model)
    new = {field: value for field, _, value in query.values if field.name in shown}
    stands: Any = models.QuerySet(query.model)
    stands.query.where = query.where.clone()
    return bool(new) and any(
        field.get_prep_value(old) != field.get_prep_value(value)
        for row in stands.values_list(*(field.attname for field in new))
        for (field, value), old in zip(new.items(), row, strict=True)
    )
