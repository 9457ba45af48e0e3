"""A clock that the test sets: what is asked of now is asked of then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.utils import timezone

from accounts.point import point

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """In place of the module `time` where memory is asked, too."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def time_ns(self) -> int:
        return (self.at - EPOCH) // timedelta(microseconds=1) * 1000


@contextmanager
def clock(at: datetime) -> Iterator[Clock]:
    found = Clock(at)
    with patch.object(timezone, "now", found.now), patch.object(point, "time", found):
        yield found
