"""Months that retention took out of the database, as signed records say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from django.db import connection

from audit.seal import canon, keys
from audit.seal.notes import BadNote, Verifier, opened

FLOOR = 12  # months that are kept whatever the settings say; the database's function agrees
# With the day when there were as many leaves as it says: before that nothing was signed.
RECORDS = """
select r.partition, r.first_day, r.end_day, r.events, r.sha256, r.archive, r.erasures, r.leaves,
       r.size, r.note, (select max(c.at) from audit_checkpoint c where c.size = r.size)
         - make_interval(months => %s) >= r.end_day
  from audit_retirement r order by r.first_day
"""
LEAF = "select hash from audit_leaf where seq = %s"
Tell = Callable[..., None]


@dataclass(frozen=True)
class Retirement:
    """One month: which leaves lost their events, and what the archive of these hashes to."""

    partition: str
    first: date
    end: date
    events: int
    sha256: str
    archive: str
    erasures: str  # acts that a blank elsewhere needs to be explained, with their digests
    leaves: str  # a digest over number and hash of each
    size: int  # of the tree, when this was signed

    def text(self, origin: str) -> str:
        return (
            f"{origin}/retired\n{self.partition}\n{self.first} {self.end}\n{self.events}\n"
            f"{self.sha256}\n{self.archive}\n{self.size} {self.leaves}\n{self.erasures}"
        )


def line(seq: int, digest: bytes) -> bytes:
    return f"{seq} {digest.hex()}\n".encode()


def records() -> list[tuple[Retirement, str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(RECORDS, [FLOOR])
        return [(Retirement(*row), note, bool(old)) for *row, note, old in cursor.fetchall()]


def require_signed(record: Retirement, note: str, old: bool, known: list[Verifier]) -> None:
    text, key = opened(note, known)
    if text != record.text(key.name):
        raise BadNote("it was changed after it was signed")
    if key.until is not None and record.size > key.until:
        raise BadNote(f"this key of {key.name} was replaced at size {key.until}")
    if not old:
        raise BadNote(f"that month was not {FLOOR} months old when the tree had that size")


class Retired:
    """Lets the events of signed months be missing: those that were signed for, and no others."""

    def __init__(self, known: list[Verifier], tell: Tell) -> None:
        self.count = 0
        self.tell = tell
        self.months: list[tuple[Retirement, list[int], Any]] = []
        for record, note, old in records():
            try:
                require_signed(record, note, old, known)
            except BadNote as error:
                tell(f"the retirement of {record.partition}: {error}")
                continue
            self.months.append((record, [0], sha256()))

    def covers(self, seq: int, at: str, leaf: bytes) -> bool:
        """A time as PostgreSQL writes it, in UTC."""
        for record, missing, seen in self.months:
            if str(record.first) <= at[:10] < str(record.end):
                missing[0] += 1
                seen.update(line(seq, leaf))
                self.count += 1
                return seq < record.size
        return False

    def erasures(self) -> set[tuple[str, str]]:
        lines = [line for record, _, _ in self.months for line in record.erasures.splitlines()]
        return {(act, digest) for act, _, digest in (line.partition(" ") for line in lines)}

    def settle(self, *, whole: bool) -> None:
        for record, missing, seen in self.months:
            if whole and (problem := in_archive(record)):
                self.tell(f"the archive {record.archive} {problem}")
            if whole and missing[0] != record.events:
                self.tell(
                    f"{missing[0]} events of {record.partition} are gone and"
                    f" {record.events} were retired"
                )
            elif whole and seen.hexdigest() != record.leaves:
                self.tell(f"other events of {record.partition} are gone than were retired")


def as_row(record: Retirement, note: str) -> list[Any]:
    return [*vars(record).values(), note]


def in_archive(record: Retirement) -> str:
    """What is wrong with the archive, if it is still here: it may well be kept elsewhere."""
    place = folder() / record.archive
    if not place.exists():
        return ""
    digest, number = sha256(), 0
    with place.open("rb") as file:
        for number, line in enumerate(file, 1):
            digest.update(line)
            if not is_sealed(line):
                return f"was changed in line {number}"
    if (digest.hexdigest(), number) != (record.sha256, record.events):
        return "is not the one that was signed for"
    return ""


def is_sealed(line: bytes) -> bool:
    """Recomputed from the line, is it the leaf that was sealed under its number?"""
    try:
        found = parsed(line)
        index, event = int(found["index"]), found["event"]
        for part in {"who", "what"} & set(found):
            salt, value = bytes.fromhex(found[part]["salt"]), found[part]["value"]
            if canon.commit(salt, value).hex() != event[part]:
                return False
        digest = sha256(b"\x00" + canon.dumps(event)).digest()
    except (ValueError, LookupError, TypeError):  # not a line of an archive at all
        return False
    with connection.cursor() as cursor:
        cursor.execute(LEAF, [index])
        leaf: Any = cursor.fetchone()
    return bool(leaf == (digest,))


def parsed(line: bytes) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(line)
    return found


def folder() -> Path:
    """Until somebody moves them to where old things are kept."""
    return keys.folder() / "archive"
