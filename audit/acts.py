"""@action: the only way a governed row changes. Decides, changes, records, in one transaction."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, models, transaction

from audit.balance import undiffed
from audit.clash import Again, Clash, fresh, met
from audit.context import (
    AFTER_COMMIT,
    Act,
    ForeignDecision,
    NestedAct,
    NoDecision,
    Undiffed,
    current,
    opened,
)
from audit.models import Event, insert, root_model
from audit.refusals import in_foreign_transaction, is_repeat, keep

P = ParamSpec("P")
R = TypeVar("R")
Steps = Generator[None, None, R]

log = logging.getLogger(__name__)
ACTIONS: dict[str, Callable[..., Any]] = {}


def action(
    verb: str, event_class: Event.Class = Event.Class.MANAGEMENT, *, folds: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function with keyword-only `by` an act named `noun.verb`.

    `folds`: a mere look, of which repetitions are counted as those of a refusal are.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        def steps(*args: P.args, **kwargs: P.kwargs) -> Steps[R]:
            yield
            return function(*args, **kwargs)

        return governed(verb, event_class, function, steps, folds=folds)

    return decorate


def slow_action(
    verb: str, event_class: Event.Class = Event.Class.MANAGEMENT
) -> Callable[[Callable[P, Steps[R]]], Callable[P, R]]:
    """An act in two steps around one `yield`: what waits for somebody else comes before it, with
    a decision of its own and no transaction; what is written comes after it, decided again."""

    def decorate(function: Callable[P, Steps[R]]) -> Callable[P, R]:
        return governed(verb, event_class, function, function)

    return decorate


def governed(
    verb: str,
    event_class: Event.Class,
    function: Callable[..., Any],
    steps: Callable[P, Steps[R]],
    *,
    folds: bool = False,
) -> Callable[P, R]:
    require_by(function)

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if kwargs.get("by") is None:
            raise TypeError(f"{verb}: by is never None, machines are users too")
        if current() is not None:
            raise NestedAct(f"{verb} inside another act: compose plain functions")
        # All that an act in one step does is undone with its transaction.
        again = function is not steps and not in_foreign_transaction()
        act = partial(Act, verb, event_class, kwargs["by"], folds=folds)
        try:
            return attempt(act(), again, steps, args, kwargs)
        except Again as error:
            log.warning("%s met another act and is done again: %s", verb, error.__cause__)
            named = {name: fresh(value) for name, value in kwargs.items() if name != "by"}
            now = tuple(map(fresh, args))
            return attempt(act(), False, steps, now, named | {"by": kwargs["by"]})

    run.verb = verb  # type: ignore[attr-defined]
    ACTIONS[verb] = run
    return run


def attempt(
    act: Act, again: bool, steps: Callable[..., Steps[R]], args: Any, kwargs: dict[str, Any]
) -> R:
    """`again`: where it met another act nothing is kept of it, and it may be made once more."""
    target = next((a for a in args if isinstance(a, models.Model)), None)
    try:
        with closing(steps(*args, **kwargs)) as work:
            next(work)
            with opened(act), transaction.atomic():
                set_gate(str(act.uid))
                # First of all that follows the commit; what fails there fails nobody.
                transaction.on_commit(lambda: committed(act), robust=True)
                result = last(work)
                close(act, result if isinstance(result, models.Model) else target)
        return result
    except Exception as error:
        clashed = met(error, (*args, *kwargs.values()))
        if clashed and again:
            raise Again from error
        told = Clash() if clashed else error
        keep(refusal(act, told, target))
        told.kept = True  # type: ignore[attr-defined]  # one attempt, one event
        if clashed:
            raise told from error
        raise


def last(work: Steps[R]) -> R:
    try:
        next(work)
    except StopIteration as end:
        result: R = end.value
        return result
    raise TypeError("an act has one `yield` at most")


def require_by(function: Callable[..., Any]) -> None:
    by = inspect.signature(function).parameters.get("by")
    if by is None or by.kind is not by.KEYWORD_ONLY or by.default is not by.empty:
        raise TypeError(f"{function.__qualname__} needs a keyword-only `by` without default")


def set_gate(act: str) -> str:
    """Tell the database's statement triggers that an act is open (or, empty, that none is).

    Back comes what they noted as touched in this transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('gate.act', %s, true), current_setting('gate.touched', true)", [act]
        )
        return cursor.fetchone()[1] or ""


def committed(act: Act) -> None:
    for tell in AFTER_COMMIT:
        tell(act.touched)


def close(act: Act, target: models.Model | None) -> None:
    """The last statements of the transaction, so that on-commit work runs outside the act."""
    if not act.passed:
        raise NoDecision(f"{act.verb}: no decision, no commit")
    if (path := act.uncovered()) is not None:
        raise ForeignDecision(f"{act.verb}: wrote {path}, which it decided nothing about")
    if table := undiffed(act):
        raise Undiffed(f"{act.verb}: {table} was written in a way that leaves no diff")
    row = describe(act, target) | {"outcome": Event.Outcome.OK}
    own = [] if act.folds and is_repeat(row) else [Event(**row)]
    for event in own:
        event.stamp()
    insert([*act.diffs, *own])
    act.open = False
    act.touched = set_gate("")


def describe(act: Act, target: models.Model | None) -> dict[str, Any]:
    """Who, what, by which decision: the columns of an act's own event."""
    first = act.passed[0] if act.passed else None
    row: dict[str, Any] = {
        "kind": Event.Kind.ACT,
        "event_class": act.event_class,
        "act": act.uid,
        "verb": act.verb,
        "actor": act.actor if act.actor.pk else None,
        "actor_repr": str(act.actor)[:200],
        "on_behalf_of": act.on_behalf_of[:200],
        "decision": [vars(decision) for decision in act.passed],
        "purpose": next((p.purpose for p in act.passed if p.purpose), ""),
        "resource_id": first.resource if first else None,
        "resource_path": first.path if first else getattr(target, "resource_path", ""),
        "message": act.message,
        "data": act.data,
    }
    if target is not None and target.pk is not None:
        row["object_pk"] = str(target.pk)
        row["object_repr"] = str(target)
        row["content_type_id"] = content_type_id(target._meta.model)
        if row["resource_id"] is None:  # undecided, or decided as one's own, which is no resource
            row["resource_id"] = getattr(target, "resource_pk", None)
    return row


def content_type_id(model: type[models.Model]) -> int:
    return ContentType.objects.get_for_model(root_model(model)).pk


def refusal(act: Act, error: Exception, target: models.Model | None) -> dict[str, Any]:
    """The event of an attempt that was undone: denied by a decision, or failed by a rule."""
    row = describe(act, target)
    denied = isinstance(error, PermissionDenied)
    row["outcome"] = Event.Outcome.DENIED if denied else Event.Outcome.FAILED
    row["message"] = words(error)
    reason = getattr(error, "reason", type(error).__name__)
    row["data"] = act.data | getattr(error, "asked", {}) | {"reason": reason}
    for name in ("resource_id", "resource_path"):
        row[name] = getattr(error, name, None) or row[name]
    return row


def words(error: Exception) -> str:
    """What the person was told; the text of an unforeseen error stays out of the trail."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error) if isinstance(error, PermissionDenied) else type(error).__name__
