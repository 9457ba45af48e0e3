"""Rows written inside an act against the diffs that it leaves: each has one, or nothing commits.

Bulk writes, rows of many-to-many fields and deletes without signals end here, whosever code it is.
"""

from __future__ import annotations

from collections import Counter

from django.db import models

from audit.context import Act
from audit.models import Event, root_model

CREATED, DELETED = Event.Action.CREATE, Event.Action.DELETE


def undiffed(act: Act) -> str:
    """The first table whose new or deleted rows left no diff; nothing if all did."""
    told = {id(diff.row) for diff in act.diffs if diff.action == CREATED}
    for row in act.inserted:
        if id(row) not in told:
            return str(row._meta.label)
    gone = Counter(root_model(type(diff.row)) for diff in act.diffs if diff.action == DELETED)
    for model, number in deleted(act).items():
        if number > gone[root_model(model)]:
            return str(model._meta.label)
    return ""


def deleted(act: Act) -> Counter[type[models.Model]]:
    found: Counter[type[models.Model]] = Counter()
    for model, number in act.deleted:
        found[model] += number
    return found
