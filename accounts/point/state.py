"""Where the decisions of this host come from, and what its processes remember, for people."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from accounts.point import stamps


class State(NamedTuple):
    is_on: bool
    is_heard: bool
    age: float | None  # seconds since the last sign of the listener
    questions: int  # of all live processes; each tells every 64 reads and every 1024 questions
    reads: int
    entries: int
    trouble: str = ""  # why the stamps cannot be read

    @property
    def from_memory(self) -> bool:
        return self.is_on and self.is_heard


def state() -> State:
    is_on = settings.DECISION_POINT != "off"
    try:
        shared = stamps.shared()
    except OSError as error:
        return State(is_on, False, None, 0, 0, 0, str(error))
    age = shared.age()
    heard = age is not None and age <= stamps.MAX_AGE
    seconds = None if age is None else age / 1e9
    return State(is_on, heard, seconds, *shared.reported())
