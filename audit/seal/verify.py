"""Recompute every leaf from its event and the tree from the leaves; say what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import connection

from audit.seal import canon, tiles
from audit.seal.erased import Erased
from audit.seal.merkle import WIDTH, Edge, split
from audit.seal.notes import BadNote, Checkpoint, Verifier, checkpoint
from audit.seal.retired import Retired
from audit.seal.tiles import TILE

CHUNK = 512  # leaves at a time: they stay in the processor's cache
MOST = 100  # problems that are told; one is enough to be worried
# No act is open as long: an event that claims an older time than that was not written then.
LONGEST_ACT = timedelta(hours=1)
GRACE = timedelta(minutes=10)  # in which an event has its leaf, if a sealer runs

# `offset 0` keeps the planner to one look by key for each leaf: a join of its own choice reads
# the whole month again for every stretch.
LEAVES = f"""
select l.seq, l.uid::text, l.at::text, l.type, l.who_salt, l.who, l.what_salt, l.what, l.hash,
       l.who_gone::text, l.what_gone::text, e.*
  from audit_leaf l left join lateral (
         select (select concat(c.app_label, '.', c.model) from django_content_type c
                  where c.id = e.content_type_id) as kind, {canon.COLUMNS}
           from audit_event e
          where e.id = l.event_id and e."timestamp" = l.at offset 0) e on true
 where l.seq >= %s and l.seq < %s order by l.seq
"""  # noqa: S608
NEVER = "infinity"  # sorts after every time
EVENT = 12  # where the event's own columns begin
CHECKPOINTS = """
select id, size, note, at from audit_checkpoint
 where (size, id) > (%s, %s) order by size, id limit %s
"""
FRONTIER = "select frontier from audit_checkpoint where size = %s order by id limit 1"
TILES = "select place, hashes from audit_tile where level = 0 and place >= %s and place < %s"
SIZE = "select coalesce(max(seq) + 1, 0) from audit_leaf"
# Below the floor the sealer has finished: what appears there took a number of another's. The same
# number at another time is another event.
UNSEALED = """
select e.uid::text, e.verb, count(*) over () from audit_event e
 where not exists (select 1 from audit_leaf l where (l.event_id, l.at) = (e.id, e."timestamp"))
   and (e."timestamp" < now() - %(grace)s or e."timestamp" > now() + %(grace)s
        or e.id <= (select floor from audit_checkpoint order by id desc limit 1))
 order by e."timestamp", e.id limit 1
"""


@dataclass(frozen=True)
class Problem:
    """What is wrong, and with which event if one can be named."""

    text: str
    seq: int | None = None
    uid: str = ""

    def __str__(self) -> str:
        where = f"event {self.uid} (leaf {self.seq}): " if self.uid else ""
        return where + self.text


@dataclass
class Report:
    """How much was looked at, and what was found."""

    first: int = 0
    size: int = 0
    checkpoints: int = 0
    anchors: int = 0
    erased: int = 0
    retired: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, text: str, seq: int | None = None, uid: str = "") -> None:
        if len(self.problems) < MOST:
            self.problems.append(Problem(text, seq, uid))


def one(sql: str, *values: Any, **named: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, named or values)
        return cursor.fetchone()


def some(sql: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[Any] = cursor.fetchall()
    return found


def stretch(first: int, end: int) -> list[Any]:
    """Leaves with their events, in PostgreSQL's binary form, which costs half to read."""
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(LEAVES, [first, end], binary=True).fetchall()


def verify(known: list[Verifier], anchored: list[str], since: int = 0) -> Report:
    """Of everything from the leaf `since` on, which must be where a checkpoint was signed."""
    report = Report(first=since, size=one(SIZE)[0], anchors=len(anchored))
    if report.size and not known:
        report.add("no public key is trusted: there is nothing to check signatures with")
    walk = Walk(report, start(since, known, report), known)
    walk.expect(anchored)
    walk.run()
    for level, place in tiles.beyond(walk.edge.size):
        report.add(f"tile {place} of level {level} is of leaves that are not there")
    unsealed(report)
    return report


def start(since: int, known: list[Verifier], report: Report) -> Edge:
    """The tree as it was signed at that size."""
    if since == 0:
        return Edge()
    found, note = one(FRONTIER, since), one(CHECKPOINTS, since, 0, 1)
    if found is None or note[1] != since:
        raise LookupError(f"No checkpoint has the size {since}.")
    edge = Edge.read(since, found[0])
    try:
        if checkpoint(note[2], known).root != edge.root():
            report.add(f"checkpoint {since} was changed after it was signed")
    except BadNote as error:
        report.add(f"checkpoint {since}: {error}")
    return edge


def unsealed(report: Report) -> None:
    found = one(UNSEALED, grace=GRACE)
    if found is not None:
        uid, verb, count = found
        report.add(f"{count} events have no leaf, the oldest is {verb}: no sealer ran", None, uid)


class Walk:
    """Once through the leaves, with the checkpoints and anchors beside them."""

    def __init__(self, report: Report, edge: Edge, known: list[Verifier]) -> None:
        self.report, self.edge, self.known = report, edge, known
        self.anchored: dict[int, bytes] = {}
        self.since = edge.size  # the last size whose root was right
        # When all that had happened had its leaf; and, as PostgreSQL writes it, an hour before.
        self.before: datetime | None = None
        self.oldest = ""
        self.newest = NEVER  # no leaf below the coming checkpoint lies after it
        self.latest: datetime | None = None
        self.retired = Retired(known, report.add)
        self.erased = Erased()

    def expect(self, anchored: list[str]) -> None:
        """What was said outside: roots that the tree must pass through, sizes it must reach."""
        largest = 0
        for note in anchored:
            try:
                found = checkpoint(note, self.known)
            except BadNote as error:
                self.report.add(f"an anchor: {error}")
                continue
            largest = max(largest, found.size)
            if self.anchored.setdefault(found.size, found.root) != found.root:
                self.report.add(f"two anchors of size {found.size} differ: two histories exist")
        if largest > self.report.size:
            self.report.add(
                f"{largest} leaves were anchored and {self.report.size} are here:"
                " the trail was cut, or restored from an older backup"
            )

    def run(self) -> None:
        for found in self.checkpoints():
            self.newest = (found.time + GRACE).isoformat(" ")
            self.leaves(found.size)
            self.meet(found.size, found.root, "signed")
            self.latest = found.time
            if found.complete:
                self.before = found.time
                self.oldest = (found.time - LONGEST_ACT).isoformat(" ")
        covered = self.edge.size
        self.leaves(self.report.size)
        if self.report.size > covered:
            count = self.report.size - covered
            self.report.add(f"the last {count} leaves were never signed for", covered)
        self.retired.settle(whole=self.report.first == 0)
        signed = self.retired.erasures()
        self.erased.settle(self.report.add, signed, whole=self.report.first == 0)
        self.report.retired, self.report.erased = self.retired.count, self.erased.count

    def checkpoints(self) -> Iterator[Checkpoint]:
        size, number = self.edge.size, 0
        while True:
            rows = some(CHECKPOINTS, size, number, CHUNK)
            for number, size, note, at in rows:  # noqa: B007  the last are where to go on
                self.report.checkpoints += 1
                try:
                    found = checkpoint(note, self.known)
                except BadNote as error:
                    self.report.add(f"checkpoint {size}: {error}")
                    continue
                if found.size != size:
                    self.report.add(f"checkpoint {size} was signed for the size {found.size}")
                elif self.latest is not None and found.time <= self.latest:
                    self.report.add(f"checkpoint {size} is no newer than the one before it")
                elif found.time != at:
                    self.report.add(f"checkpoint {size} was signed at another time than it says")
                else:
                    yield found
            if not rows:
                return

    def meet(self, size: int, root: bytes, how: str) -> None:
        if size != self.edge.size:
            return  # the leaves end before: told already
        if self.edge.root() != root:
            self.report.add(
                f"the leaves {self.since} to {size - 1} are not those that were {how}:"
                " changed, reordered, added or removed"
            )
        self.since = size

    def leaves(self, end: int) -> None:
        """Up to `end`, stopping at anchored sizes on the way."""
        stops = sorted(size for size in self.anchored if self.edge.size < size <= end)
        for stop in [*stops, end]:
            while self.edge.size < stop:
                first = self.edge.size
                if not self.chunk(first, min(first + CHUNK, stop)):
                    return
            if stop in self.anchored:
                self.meet(stop, self.anchored[stop], "anchored")

    def chunk(self, first: int, end: int) -> bool:
        rows = stretch(first, end)
        edge = self.edge
        for row in rows:
            if row[0] != edge.size:
                break
            edge.append(self.leaf(row))
        if edge.size < end:
            uid = rows[edge.size - first][1] if edge.size - first < len(rows) else ""
            self.report.add(f"leaf {edge.size} is missing", edge.size, uid)
            self.report.size = edge.size
            return False
        self.in_tiles(first, end, rows)
        return True

    def leaf(self, row: Any) -> bytes:
        """The hash that this leaf should have, by its event."""
        seq, uid, at, kind, who_salt, who, what_salt, what, stored, _, _, _, *event = row
        if event[0] is None:
            if not self.retired.covers(seq, at, bytes(stored)):
                self.report.add("was deleted, or its time or number changed", seq, uid)
            elif who_salt is None or what_salt is None:
                self.erased.see(row, None, self.report.add)
            return bytes(stored)
        if who_salt is not None and canon.commit(who_salt, canon.who(event)) != who:
            self.report.add("who did it was changed after it was sealed", seq, uid)
        if what_salt is not None and canon.commit(what_salt, canon.what(event)) != what:
            self.report.add("what was done was changed after it was sealed", seq, uid)
        found = canon.leaf(event, kind, who, what)
        if found != stored:
            self.report.add("was changed after it was sealed", seq, uid)
        if who_salt is None or what_salt is None:
            self.erased.see(row, event, self.report.add)
        self.in_time(seq, uid, at)
        self.named(row)
        return found

    def named(self, row: Any) -> None:
        """By what it is found: not hashed itself, so compared with what is."""
        seq, uid, kind, now, event = row[0], row[1], row[3], row[11], row[EVENT]
        if event != uid:
            self.report.add(f"its leaf is now found as that of {event}", seq, uid)
        if (now or "") != kind:
            self.report.add(f"was about {kind or 'no object'} when it was sealed", seq, uid)

    def in_time(self, seq: int, uid: str, at: str) -> None:
        """Between what the checkpoints before and after it knew; in UTC, so that texts compare."""
        if at < self.oldest:
            self.report.add(
                f"claims {at[:16]}, and a checkpoint of {self.before:%Y-%m-%d %H:%M}"
                " does not know it: backdated",
                seq,
                uid,
            )
        if at > self.newest:
            self.report.add(
                f"claims {at[:16]}, which was still to come when it was sealed", seq, uid
            )

    def in_tiles(self, first: int, end: int, rows: list[Any]) -> None:
        """Proofs are made from tiles, and a tile remembers the order of its leaves."""
        for place, hashes in some(TILES, first // TILE, (end - 1) // TILE + 1):
            base = place * TILE
            begin, stop = max(first, base), min(end, base + TILE)
            stored = hashes[(begin - base) * WIDTH : (stop - base) * WIDTH]
            leaves = rows[begin - first : stop - first]
            if stored == b"".join([row[8] for row in leaves]):
                continue
            for row, found in zip(leaves, split(stored), strict=True):
                if found != row[8]:
                    self.report.add("is not the leaf that stood here", row[0], row[1])
