"""Before a row is rewritten: its diff waits in the act, or what is written is what stands there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from auditlog.diff import get_field_value, is_primitive
from django.db import models
from django.utils.encoding import smart_str

from audit.apps import recorded_fields
from audit.backend.keys import named
from audit.context import Act, Undiffed


def require_told(query: Any, act: Act) -> None:
    """A diff is made before its row is written. Whoever hands `save` a new object with an old
    key, or writes past `save`, makes none: then nothing that is recorded may change."""
    label = query.model._meta.label
    if any(hasattr(value, "resolve_expression") for _, _, value in query.values):
        raise Undiffed(f"{label}: set a value, not an expression")
    diff = newest(query, act)
    if diff is not None and query.model not in diff.spent:
        diff.spent.add(query.model)
        if name := untold(query, diff):
            raise Undiffed(f"{label}.{name}: written with another value than its diff tells")
    elif changes(query):
        raise Undiffed(f"{label}: written in a way that leaves no diff")


def newest(query: Any, act: Act) -> Any:
    """The last diff of the one row that is rewritten: those before it tell what stood earlier."""
    keys = named(query)
    if len(keys) != 1:
        return None
    return next((diff for diff in reversed(act.diffs) if tells(diff, query.model, keys)), None)


def tells(diff: Any, model: Any, keys: set[Any]) -> bool:
    if diff.action != diff.Action.UPDATE or not isinstance(diff.row, model):
        return False
    return model._meta.pk.to_python(diff.object_pk) in keys


def untold(query: Any, diff: Any) -> str:
    """The first recorded field whose value is neither the diff's new one nor, where the diff says
    nothing of it, the one that stood there."""
    shown, stood = recorded_fields(query.model), vars(diff.old) if diff.old else {}
    for field, _, value in query.values:
        if field.name not in shown:
            continue
        told, old = diff.changes.get(field.name), stood.get(field.attname)
        if told is None and type(value) is type(old) and value == old:
            continue  # most fields, most times: needs no translation
        new = as_told(SimpleNamespace(**{field.name: value, field.attname: value}), field)
        if new != (told[1] if told else as_told(diff.old, field)):
            return str(field.name)
    return ""


def as_told(row: Any, field: Any) -> Any:
    """As the library that makes the diffs compares and keeps it."""
    value = get_field_value(row, field, use_json_for_changes=True)
    return value if is_primitive(value) else smart_str(value)


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


def keep_old(*, log_entry: Any, instance_old: Any, **told: Any) -> None:
    """What the library compared with, for as long as the diff waits."""
    if log_entry is not None:
        log_entry.old = instance_old
