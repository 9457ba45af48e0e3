"""One event with its changes as plain values: what every format is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from audit import queries
from audit.models import Event
from audit.seal import proofs

PRODUCT, VERSION = "Gatehouse", "0.1.0"
Record = dict[str, Any]
ALWAYS = frozenset({"verb", "class", "outcome"})


def records(events: Iterable[Event]) -> list[Record]:
    """In their order; the diffs of all of them are one query more."""
    listed = list(events)
    under: dict[UUID | None, list[Record]] = {}
    for row in queries.changes_of(listed):
        under.setdefault(row.act, []).append(change(row))
    return [record(event, under.get(event.act, [])) for event in listed]


def proofs_of(events: Iterable[Event]) -> list[Record]:
    """Of each event and each of its diffs, as far as they are sealed: for `verify_bundle.py`."""
    listed = list(events)
    return proofs.prove_all([one.uid for one in (*listed, *queries.changes_of(listed))])


def record(event: Event, changes: list[Record]) -> Record:
    """Names of an audience that has never seen our tables; nothing is left out but empty values."""
    if event.kind != Event.Kind.ACT:
        changes = [change(event)] if event.changes else []
    found = {
        "uid": str(event.uid),
        "time": moment(event),
        "kind": event.kind,
        "verb": event.verb,
        "class": event.event_class,
        "outcome": event.outcome,
        "actor": event.actor_repr,
        "actor_uid": str(event.actor_id) if event.actor_id else "",
        "on_behalf_of": event.on_behalf_of,
        "key": event.key,
        "resource": event.resource_path,
        "object": event.object_repr,
        "object_uid": event.object_pk,
        "purpose": event.purpose,
        "message": event.message,
        "door": event.door,
        "address": event.remote_addr or "",
        "agent": event.agent,
        "act": str(event.act) if event.act else "",
        "request": str(event.request_id) if event.request_id else "",
        "decision": event.decision,
        "data": event.data,
        "changes": changes,
        "sequence": event.pk,
    }
    empty: tuple[Any, ...] = ("", [], {}, None)
    return {name: value for name, value in found.items() if value not in empty or name in ALWAYS}


def decisions(record: Record) -> list[Record]:
    """What let it pass, of an event that may have come beside the application: any JSON."""
    found = record.get("decision")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def reason(record: Record) -> str:
    data = record.get("data")
    return str(data.get("reason") or "") if isinstance(data, dict) else ""


def moment(event: Event) -> str:
    return event.timestamp.isoformat(timespec="microseconds")


def change(row: Event) -> Record:
    return {
        "table": row.content_type.name if row.content_type else row.object_repr,
        "object": row.object_repr,
        "object_uid": row.object_pk,
        "action": row.get_action_display(),
        "fields": row.changes or {},
    }
