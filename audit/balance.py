"""Rows written inside an act against the diffs that it leaves: each has one, or nothing commits.

Bulk writes, rows of many-to-many fields and deletes without signals end here, whosever code it is.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import models

from audit.context import Act
from audit.models import Event, root_model

CREATED, DELETED = Event.Action.CREATE, Event.Action.DELETE


def undiffed(act: Act) -> str:
    """The first table of which a new or deleted row left no diff; nothing if all did."""
    made = [d for d in act.diffs if d.action == CREATED]
    told = Counter((table, key(d)) for d in made for table in tables(type(d.row)))
    for table, _ in Counter(act.inserted) - told:
        return str(table._meta.label)
    gone = [d for d in act.diffs if d.action == DELETED]
    told = Counter((root_model(type(d.row)._meta.concrete_model), key(d)) for d in gone)
    for (table, pk), number in Counter(act.deleted).items():
        if number > told[root_model(table), pk]:
            return str(table._meta.label)
    return ""


def key(diff: Any) -> Any:
    """As it was when the diff was made: the object may have become another row since."""
    return diff.row._meta.pk.to_python(diff.object_pk)


def tables(model: type[models.Model]) -> list[Any]:
    """A new child of multi-table inheritance is one row in each table of its line."""
    return [model._meta.concrete_model, *model._meta.get_parent_list()]
