"""What exists and may not be seen: 404 as if it were not there, and the attempt stands."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404

from audit.acts import refusal
from audit.context import Act
from audit.models import Event
from audit.refusals import keep

M = TypeVar("M", bound=Model)


class Hidden(PermissionDenied):
    """Somebody asked for a row that is none of theirs to see."""

    reason = "hidden"


def find(user: Any, rows: QuerySet[M], **lookup: Any) -> M:
    """The one among what this person may see; without it, whether there is one is not told."""
    found = rows.filter(**lookup).first()
    if found is not None:
        return found
    note(user, rows, **lookup)
    raise Http404


def note(user: Any, rows: QuerySet[M], **lookup: Any) -> None:
    """Nothing was found for this person; if there is one after all, their attempt stands.

    It brings along what names it, so that a hidden one takes no statement more than none at all.
    """
    every = rows.model._default_manager.filter(**lookup)
    every.query.select_related = rows.query.select_related
    hidden = every.first()
    if hidden is not None:
        noun = str(rows.model._meta.verbose_name).replace(" ", "_")
        record(user, Hidden(f"This {noun} is not theirs to see."), hidden, f"{noun}.find")


def record(user: Any, error: PermissionDenied, target: Model, verb: str) -> None:
    keep(refusal(Act(verb, Event.Class.AUTHORIZATION, user), error, target))
