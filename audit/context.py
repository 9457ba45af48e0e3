"""The open act and the call it serves. No models here: the database backend imports this first."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

# Tables that no act has to open. Everything else is governed, third-party tables included,
# so a new table is locked until somebody writes its reason here (a test pins this list).
UNGOVERNED: dict[str, str] = {
    "audit_anchor": "which checkpoint was taken where: append-only by its own triggers",
    "audit_checkpoint": "signed by the sealer: append-only by its own triggers",
    "audit_event": "the trail itself: append-only by its own triggers",
    "audit_leaf": "written by the sealer: append-only by its own triggers",
    "audit_retirement": "signed by the sealer: append-only by its own triggers",
    "audit_tile": "derived from the leaves: append-only by its own triggers",
    "accounts_keyuse": "last use of a key: telemetry, rewritten at most once a minute",
    "audit_sinkcursor": "how far each sink of the trail has got: rewritten with every batch",
    "auth_permission": "derived from the code by migrate",
    "axes_accessattempt": "counters of the lockout; each lockout is an event of its own",
    "axes_accessattemptexpiration": "counters of the lockout",
    "axes_accessfailurelog": "counters of the lockout",
    "axes_accesslog": "counters of the lockout; each sign-in is an event of its own",
    "django_content_type": "derived from the code by migrate",
    "django_migrations": "written by migrate, as the owner",
    "gateway_decisioncount": "answers to gateways counted by the minute; a no is an event",
    "django_session": "a browser's session; opening and closing one are events",
}


class NoAct(RuntimeError):
    """A governed write outside an action."""


class NoDecision(RuntimeError):
    """An action that ended without asking may they."""


class ForeignDecision(RuntimeError):
    """An action that wrote a row which none of its decisions was about."""


class Undiffed(RuntimeError):
    """A way of writing that would leave no field diff."""


class NestedAct(RuntimeError):
    """An action inside an action: compose plain functions instead."""


@dataclass
class Origin:
    """Through which door, by which call: what every event of that call shares."""

    door: str = "system"
    request_id: uuid.UUID = field(default_factory=uuid.uuid4)
    address: str | None = None
    agent: str = ""
    key: str = ""
    note: dict[str, Any] = field(default_factory=dict)
    known: dict[Any, Any] = field(default_factory=dict)  # looked up already; each act empties it


@dataclass(frozen=True)
class Passed:
    """One "allowed", with what allowed it."""

    permission: str
    path: str
    rule: str
    resource: int | None = None
    grant: str | None = None
    role: str = ""
    purpose: str = ""

    def covers(self, path: str) -> bool:
        return path.startswith(self.path)


@dataclass
class Act:
    """One run of an action."""

    verb: str
    event_class: str
    actor: Any
    uid: uuid.UUID = field(default_factory=uuid.uuid4)
    passed: list[Passed] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    message: str = ""
    on_behalf_of: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    touched: str = ""  # what the database noted as changed, for whoever remembers answers
    diffs: list[Any] = field(default_factory=list)  # events that are written when it closes
    inserted: list[Any] = field(default_factory=list)  # tables and keys, each to be in a diff
    deleted: list[Any] = field(default_factory=list)  # as well; without key what named no keys
    savepoints: dict[str, list[int]] = field(default_factory=dict)  # how many of each there were
    folds: bool = False  # a look that repeats: counted, and written as one event when it ends
    open: bool = True

    def remember(self, sid: str) -> None:
        self.savepoints[sid] = [len(self.diffs), len(self.inserted), len(self.deleted)]

    def forget_since(self, sid: str) -> None:
        """Of what was not written after all."""
        kept = self.savepoints.get(sid)
        for noted, number in zip(
            (self.diffs, self.inserted, self.deleted), kept or (), strict=False
        ):
            del noted[number:]

    def uncovered(self) -> str | None:
        """The first written path that none of the decisions was about."""
        for path in sorted(self.written):
            if not any(decision.covers(path) for decision in self.passed):
                return path
        return None


# Told of each act that was committed what it touched, before its caller hears of it.
AFTER_COMMIT: list[Callable[[str], None]] = []

_act: ContextVar[Act | None] = ContextVar("act", default=None)
_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current() -> Act | None:
    act = _act.get()
    return act if act and act.open else None


def origin() -> Origin:
    """The call being served; outside any door a fresh one, so that no id is shared by chance."""
    return _origin.get() or Origin()


@contextmanager
def opened(act: Act) -> Iterator[Act]:
    token = _act.set(act)
    try:
        yield act
    finally:
        act.open = False
        _act.reset(token)
        origin().known.clear()


@contextmanager
def entered(call: Origin) -> Iterator[Origin]:
    token = _origin.set(call)
    try:
        yield call
    finally:
        _origin.reset(token)


def passed(decision: Passed) -> None:
    """Told by the decision: this act was allowed this."""
    if act := current():
        act.passed.append(decision)


def say(message: str, **data: Any) -> None:
    """The words and facts that the open act leaves in the trail."""
    if act := current():
        act.message = message
        act.data.update(data)


def touch(row: Any) -> None:
    """A governed row is being written: its resource must be one that was decided about."""
    if act := current():
        act.written.add(getattr(row, "resource_path", "/"))


def is_governed(model: Any) -> bool:
    # __fake__: models of migrations
    return model.__module__ != "__fake__" and model._meta.db_table not in UNGOVERNED


def leaves_diffs(model: Any) -> bool:
    return is_governed(model) and not getattr(model, "derived", False)


def require_act(model: Any) -> None:
    if is_governed(model) and current() is None:
        raise NoAct(f"{model._meta.db_table} is written through actions only: no act is open")
