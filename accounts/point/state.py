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

    @property
    def from_memory(self) -> bool:
        return self.is_on and self.is_heard


def state() -> State:
    shared = stamps.shared()
    age = shared.age()
    heard = age is not None and age <= stamps.MAX_AGE
    seconds = None if age is None else age / 1e9
    return State(settings.DECISION_POINT != "off", heard, seconds, *shared.reported())
