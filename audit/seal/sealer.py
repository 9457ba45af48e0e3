"""Gives every committed event its leaf and signs the tree: after the fact, so no writer waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from audit.seal import canon, keys, notes, tiles
from audit.seal.anchors import newest
from audit.seal.merkle import Edge, consistency, is_prefix
from audit.seal.notes import Checkpoint
from audit.seal.verify import GRACE

LOCK = 0x7365616C  # "seal"
BATCH = 5000
IDLE = timedelta(hours=1)  # a checkpoint says at least so often that nothing happened
SETTLED = timedelta(seconds=2)  # longer than any INSERT waits between its number and its row
SWEPT = timedelta(days=1)  # how far an idle seal looks back for what a paused process left behind
MOMENT = timedelta(microseconds=1)  # the least by which a checkpoint is newer than the one before

CLOCK = "select clock_timestamp()"  # one for all hosts, and the one that events have
LAST = """select size, frontier, floor, newest, note, at from audit_checkpoint
order by id desc limit 1"""
# One statement is one snapshot. The tree does not need the order of commits, so an open
# transaction holds nothing up: its events come later, found because they have no leaf.
UNSEALED = f"""
with now as materialized (select pg_current_snapshot() as snapshot)
select (select pg_snapshot_xmin(snapshot)::text::bigint from now),
       (select pg_snapshot_xmax(snapshot)::text::bigint from now),
       e.id, e.content_type_id, {canon.COLUMNS}
  from audit_event e left join audit_leaf l
    on (l.event_id, l.at) = (e.id, e."timestamp") and l.event_id > %(floor)s
 where e.id > %(floor)s and l.event_id is null order by e.id, e."timestamp" limit %(most)s
"""  # noqa: S608
# Below what such a checkpoint saw nothing new can appear: who was writing then has finished.
FLOOR = """select newest from audit_checkpoint
 where at < %s and horizon <= %s and newest > %s order by id desc limit 1"""
SWEEP = "select newest from audit_checkpoint where at < %s order by id desc limit 1"
COPY = """copy audit_leaf (seq, event_id, at, uid, type, who_salt, who, what_salt, what, hash)
from stdin (format binary)"""
COPIED = ["int8", "int8", "timestamptz", "uuid", "text", *["bytea"] * 5]
ADD = """insert into audit_checkpoint (size, frontier, floor, horizon, newest, note, at)
values (%s, %s, %s, %s, %s, %s, %s)"""


NEVER = datetime.min.replace(tzinfo=UTC)


class Restored(RuntimeError):
    """The database is older than, or another one than, what was anchored of it."""


class WrongClock(RuntimeError):
    """What were signed now would be older than what was signed before."""


@dataclass
class State:
    """Where the last checkpoint left off."""

    edge: Edge
    floor: int = 0
    newest: int = 0
    note: str = ""
    at: datetime = NEVER


def last() -> State:
    with connection.cursor() as cursor:
        cursor.execute(LAST)
        found = cursor.fetchone()
    if found is None:
        return State(Edge())
    size, frontier, *rest = found
    return State(Edge.read(size, frontier), *rest)


def seal(most: int = BATCH) -> int | None:
    """How many events got their leaf; None when another sealer is at it."""
    key = keys.signer()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return None
        state = last()
        keys.require_trusted(key, state.edge.size)
        require_same_history(state)
        now = clock(state)
        idle = now - state.at >= IDLE
        # One more than is sealed, which says whether any are left.
        xmin, xmax, found_rows = unsealed(swept(now, state) if idle else state.floor, most + 1)
        rows, more = found_rows[:most], len(found_rows) > most
        if not rows and not idle:
            return 0
        append(state.edge, rows)
        floor, newest = horizon(state, rows, more, xmin, now)
        name, edge = keys.mine(key).name, state.edge
        found = Checkpoint(name, edge.size, edge.root(), now, complete=not more)
        note = notes.sign(found.text(), found.origin, key)
        cursor.execute(ADD, [found.size, edge.frontier(), floor, xmax, newest, note, now])
    return len(rows)


def clock(state: State) -> datetime:
    """Later than the checkpoint before, though a clock was set right since."""
    with connection.cursor() as cursor:
        cursor.execute(CLOCK)
        now: datetime = cursor.fetchone()[0]
    if state.at - now > GRACE:
        raise WrongClock(
            f"the clock of PostgreSQL says {now:%Y-%m-%d %H:%M:%S} UTC, and the last checkpoint was"
            f" signed at {state.at:%Y-%m-%d %H:%M:%S}: that clock is behind, or was ahead then. Set"
            " the clock of the database's machine right; if it is, sealing goes on by itself at"
            f" {state.at - GRACE:%Y-%m-%d %H:%M:%S}"
        )
    return max(now, state.at + MOMENT)


@contextmanager
def held() -> Iterator[State]:
    """Inside the caller's transaction no other sealer works."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    yield last()


def require_same_history(state: State) -> None:
    """Sign nothing on top of a rewritten tree, or of a backup older than what was anchored."""
    known = keys.trusted()
    edge = state.edge
    if state.note:
        mine = notes.checkpoint(state.note, known)
        if (mine.size, mine.root) != (edge.size, edge.root()):
            raise Restored("the last checkpoint of the database is not the one that was signed")
    anchored = newest(known)
    if anchored is None:
        return
    if anchored.size > edge.size:
        raise Restored(
            f"{anchored.size} leaves were anchored and the database has {edge.size}: it was cut"
            " or restored from an older backup"
        )
    path = consistency(tiles.Reader().subtree, anchored.size, edge.size)
    if not is_prefix(anchored.size, edge.size, anchored.root, edge.root(), path):
        raise Restored(f"the first {anchored.size} leaves are not those that were anchored")


def unsealed(floor: int, most: int) -> tuple[int, int, list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED, {"floor": floor, "most": most})
        found = cursor.fetchall()
        if found:
            return found[0][0], found[0][1], [row[2:] for row in found]
        cursor.execute("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        xmax = cursor.fetchone()[0]
        return 0, xmax, []


def swept(now: datetime, state: State) -> int:
    """An hour without work is the time to look again at the whole last day."""
    with connection.cursor() as cursor:
        cursor.execute(SWEEP, [now - SWEPT])
        found = cursor.fetchone()
    return min(state.floor, found[0] if found else 0)


def horizon(
    state: State, rows: list[Any], cut_off: bool, xmin: int, now: datetime
) -> tuple[int, int]:
    """From where to look next time, and the highest event number seen so far."""
    if not rows:
        return state.floor, state.newest
    newest = max(state.newest, rows[-1][0])
    with connection.cursor() as cursor:
        cursor.execute(FLOOR, [now - SETTLED, xmin, state.floor])
        found = cursor.fetchone()
    floor = max(state.floor, found[0] if found else 0)
    # Of a batch that was cut off, more may wait above its last row.
    return (min(floor, rows[-1][0]) if cut_off else floor), newest


def append(edge: Edge, rows: list[Any]) -> None:
    """Leaves and tiles of these events, at the edge of the tree."""
    start, hashes, leaves = edge.size, [], []
    for number, content_type, *row in rows:
        kind = type_name(content_type)
        salts = os.urandom(16), os.urandom(16)
        parts = canon.commit(salts[0], canon.who(row)), canon.commit(salts[1], canon.what(row))
        found = canon.leaf(row, kind, *parts)
        at = datetime.fromisoformat(row[1])
        sealed = (salts[0], parts[0], salts[1], parts[1], found)
        leaves.append((edge.size, number, at, UUID(row[0]), kind, *sealed))
        edge.append(found)
        hashes.append(found)
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.set_types(COPIED)
        for leaf in leaves:
            copy.write_row(leaf)
    tiles.extend(start, hashes)


def type_name(content_type: int | None) -> str:
    """`registry.dataset`: as the migrations call it, not as a person reads it."""
    if content_type is None:
        return ""
    try:
        found = ContentType.objects.get_for_id(content_type)
    except ContentType.DoesNotExist:  # forged: the seal goes on
        return ""
    return f"{found.app_label}.{found.model}"
