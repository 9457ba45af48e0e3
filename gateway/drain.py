"""From the spool into the tables: each no an event, the yeses counted."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction

from accounts.decision import Decision, Refused
from accounts.models import Resource, User
from audit.acts import refusal
from audit.context import Act
from audit.models import Event
from audit.refusals import write_all
from gateway import spool
from gateway.notes import Note
from gateway.recording import Counted, count

log = logging.getLogger(__name__)
VERB = "gateway.evaluate"


def drain(folder: Path, *, seconds: float) -> int:
    """Write what waits, the oldest first, for about so long; a crash repeats and never loses."""
    end, written = time.monotonic() + seconds, 0
    for path in sorted(folder.glob("*.jsonl")):
        if time.monotonic() > end:
            break
        try:
            with spool.taken(path) as notes:
                if notes:
                    record(notes)
                    written += len(notes)
        except (DatabaseError, LookupError):  # it stays where it is; the others go on
            log.exception("%s could not be written", path.name)
    return written


def record(notes: list[Note]) -> None:
    told = [note for note in notes if note.reason == "allowed"]
    with transaction.atomic():
        count([Counted(n.subject, n.resource, n.permission, moment(n)) for n in told])
        write_all(events(note for note in notes if note.reason != "allowed"))


def events(denied: Iterable[Note]) -> list[dict[str, Any]]:
    notes = list(denied)
    people = User.objects.in_bulk({uid for n in notes for uid in (n.subject, n.asker)})
    places = Resource.objects.in_bulk({note.resource for note in notes})
    return [
        event(note, people[note.subject], people[note.asker], places[note.resource])
        for note in notes
    ]


def event(note: Note, subject: User, asker: User, resource: Resource) -> dict[str, Any]:
    """As the long way writes it."""
    act = Act(VERB, Event.Class.AUTHORIZATION, subject)
    act.data = {"evaluation_id": str(note.evaluation), "at": moment(note).isoformat()}
    if asker != subject:
        act.data["asked_by"] = asker.username
    decision = Decision(False, note.reason, note.permission, resource, purpose=note.purpose)
    return refusal(act, Refused(decision), None) | {
        "door": "authzen",
        "request_id": note.evaluation,
        "remote_addr": note.address or None,
        "agent": note.agent,
        "key": note.key,
    }


def moment(note: Note) -> datetime:
    return datetime.fromtimestamp(note.at, UTC)
