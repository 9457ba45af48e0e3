"""A proof to take away: one event, its path to a signed root, nothing else needed to check it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from audit.models import Event
from audit.seal import canon, sealer, tiles
from audit.seal.merkle import inclusion, is_included, leaf_hash
from audit.seal.notes import Checkpoint

FORMAT = "gatehouse-proof/1"
LEAF = f"""
select l.seq, l.type, l.who_salt, l.who, l.what_salt, l.what, {canon.COLUMNS}
  from audit_leaf l join audit_event e on e.id = l.event_id and e."timestamp" = l.at
 where l.uid = %s
"""  # noqa: S608
LEAVES = LEAF.replace("l.uid = %s", "l.seq >= %s and l.seq < %s") + " order by l.seq"
SOME = LEAF.replace("l.uid = %s", "l.uid = any(%s) and l.seq < %s") + " order by l.seq desc"
EVENT = 6  # where the event's own columns begin
CHECKPOINT = "select size, note from audit_checkpoint where size > %s order by id desc limit 1"
COVERED = """
select count(*) from unnest(%s::bigint[], %s::timestamptz[]) as e (id, at)
  join audit_leaf l on (l.event_id, l.at) = (e.id, e.at) where l.seq < %s
"""


OTHER = "This is not what was sealed: ./manage.py verify_trail says more."


class NotSealed(LookupError):
    """The sealer has not come by yet, or the event is no longer here."""


def disclosed(row: Any) -> dict[str, Any]:
    """An event as it was hashed, with its erasable parts as far as they were not erased."""
    event = row[EVENT:]
    found = {"index": row[0], "event": canon.event(event, row[1], row[3], row[5])}
    if row[2] is not None:
        found["who"] = {"salt": row[2].hex(), "value": canon.who(event)}
    if row[4] is not None:
        found["what"] = {"salt": row[4].hex(), "value": canon.what(event)}
    return found


def asked_for(row: Any, uids: list[UUID]) -> dict[str, Any]:
    """The index of uids is not signed: a leaf that it gives for another event proves that one."""
    if row[EVENT] not in map(str, uids):
        raise NotSealed(OTHER)
    return disclosed(row)


def newest() -> dict[str, Any] | None:
    """The checkpoint that speaks for all that is sealed, to keep beside a copy of it."""
    state = sealer.last()
    if not state.note:
        return None
    root = base64.b64encode(state.edge.root()).decode()
    return {"size": state.edge.size, "root": root, "note": state.note}


def sealed(events: Iterable[Event], size: int) -> int:
    """How many of these a checkpoint of that size covers."""
    keys = [(event.pk, event.timestamp) for event in events]
    with connection.cursor() as cursor:
        cursor.execute(COVERED, [[pk for pk, _ in keys], [at for _, at in keys], size])
        return int(cursor.fetchone()[0])


def leaf_of(uid: UUID) -> int | None:
    """Its number in the tree; None until the sealer has come by."""
    with connection.cursor() as cursor:
        cursor.execute("select seq from audit_leaf where uid = %s", [uid])
        found = cursor.fetchone()
    return found[0] if found else None


def prove(uid: UUID) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(LEAF, [uid])
        row = cursor.fetchone()
        if row is None:
            raise NotSealed("This event is not sealed yet: try again in a few seconds.")
    return complete(asked_for(row, [uid]))


def prove_all(uids: Iterable[UUID]) -> list[dict[str, Any]]:
    """Those of them that a checkpoint covers, by one query and one reading of the tree."""
    state, tree, asked = sealer.last(), tiles.Reader(), list(uids)
    with connection.cursor() as cursor:
        cursor.execute(SOME, [asked, state.edge.size])
        parts = [asked_for(row, asked) for row in cursor.fetchall()]
    return [bundle(part, tree, state.edge.size, state.note) for part in parts]


def bundle(part: dict[str, Any], tree: tiles.Reader, size: int, note: str) -> dict[str, Any]:
    root = Checkpoint.read(note.partition("\n\n")[0] + "\n").root
    path = inclusion(tree.subtree, part["index"], size)
    leaf = leaf_hash(canon.dumps(part["event"]))
    if not is_included(leaf, part["index"], size, path, root):
        raise NotSealed(OTHER)
    encoded = [base64.b64encode(step).decode() for step in path]
    return {"format": FORMAT, **part, "size": size, "path": encoded, "checkpoint": note}


def complete(part: dict[str, Any]) -> dict[str, Any]:
    """With the path to the newest root; also for an event that only its archive still has."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKPOINT, [part["index"]])
        found = cursor.fetchone()
    if found is None:
        raise NotSealed("No checkpoint covers this event yet: try again in a few seconds.")
    size, note = found
    return bundle(part, tiles.Reader(), size, note)
