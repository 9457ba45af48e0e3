"""Which rows a statement is about, by table and key."""

from __future__ import annotations

from typing import Any

from django.db.models.lookups import Exact, In


def inserted(query: Any, returning: Any, returned: list[Any]) -> list[tuple[Any, Any]]:
    """The database's word for the keys that it gave; else the object's, which is what was sent."""
    meta = query.model._meta
    if meta.pk in returning:
        place = list(returning).index(meta.pk)
        keys = [row[place] for row in returned]
    else:
        keys = [getattr(row, meta.pk.attname) for row in query.objs]
    return [(meta.concrete_model, meta.pk.to_python(key)) for key in keys]


def deleted(query: Any) -> list[tuple[Any, Any]]:
    """By something else than keys: None, of which no diff tells."""
    return [(query.model._meta.concrete_model, key) for key in named(query) or [None]]


def named(query: Any) -> set[Any]:
    """The keys to which a statement is bound, if nothing but keys binds it."""
    [only, *more] = query.where.children or [None]
    key = query.model._meta.pk
    if more or not isinstance(only, Exact | In) or getattr(only.lhs, "target", None) != key:
        return set()
    keys: Any = only.rhs if isinstance(only, In) else [only.rhs]
    if not isinstance(keys, list | tuple | set | frozenset):
        return set()
    return {key.to_python(one) for one in keys}
