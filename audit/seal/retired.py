"""Months that retention took out of the database, as signed records say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from audit.seal.notes import BadNote, Verifier, opened

RECORDS = """
select partition, first_day, end_day, events, sha256, archive, note
  from audit_retirement order by first_day
"""
Tell = Callable[..., None]


@dataclass(frozen=True)
class Retirement:
    """One month: how many events went, and what their archive hashes to."""

    partition: str
    first: date
    end: date
    events: int
    sha256: str
    archive: str

    def text(self, origin: str) -> str:
        return (
            f"{origin}/retired\n{self.partition}\n{self.first} {self.end}\n{self.events}\n"
            f"{self.sha256}\n{self.archive}\n"
        )


def records() -> list[tuple[Retirement, str]]:
    with connection.cursor() as cursor:
        cursor.execute(RECORDS)
        return [(Retirement(*row), note) for *row, note in cursor.fetchall()]


class Retired:
    """Lets the events of signed months be missing, exactly as many as were signed for."""

    def __init__(self, known: list[Verifier], tell: Tell) -> None:
        self.count = 0
        self.tell = tell
        self.months: list[tuple[Retirement, list[int]]] = []
        for record, note in records():
            try:
                text, key = opened(note, known)
                if text != record.text(key.name):
                    raise BadNote("it was changed after it was signed")
            except BadNote as error:
                tell(f"the retirement of {record.partition}: {error}")
                continue
            self.months.append((record, [0]))

    def covers(self, at: datetime) -> bool:
        for record, missing in self.months:
            if record.first <= at.date() < record.end:
                missing[0] += 1
                self.count += 1
                return True
        return False

    def settle(self, *, whole: bool) -> None:
        for record, missing in self.months:
            if whole and missing[0] != record.events:
                self.tell(
                    f"{missing[0]} events of {record.partition} are gone and"
                    f" {record.events} were retired"
                )


def as_row(record: Retirement, note: str) -> list[Any]:
    return [*vars(record).values(), note]
