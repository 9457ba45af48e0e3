"""A search as a stream of text in one format, in chunks, so that memory does not grow with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from audit import queries
from audit.budget import budget
from audit.doors.cursor import after, fetch
from audit.exports.formats import FORMATS
from audit.exports.record import moment
from audit.models import Event
from audit.seal import proofs
from audit.search import Search

CHUNK = 1_000  # events held at a time
PATIENCE = 600.0  # seconds for a chunk: nobody looks at a page meanwhile
ORDER = ["-timestamp", "-id"]


@dataclass
class Stream:
    """Iterate it to the end; then it knows what it wrote."""

    events: QuerySet[Event]
    format: str
    edge: datetime | None = None
    checkpoint: dict[str, Any] | None = field(default_factory=proofs.newest)
    rows: int = 0
    sealed: int = 0
    size: int = 0
    newest: str = ""
    oldest: str = ""
    at: datetime | None = None
    digest: Any = field(default_factory=hashlib.sha256)

    def __iter__(self) -> Iterator[bytes]:
        """The first part may be empty: CSV alone begins with a line of its own."""
        form = FORMATS[self.format]
        yield self.passed(form.header)
        for chunk in chunks(self.events, self.edge):
            listed = form.make(chunk)
            self.newest = self.newest or moment(chunk[0])
            self.oldest, self.at = moment(chunk[-1]), chunk[-1].timestamp
            self.rows += len(listed)
            if self.checkpoint:
                self.sealed += proofs.sealed(chunk, self.checkpoint["size"])
            yield self.passed(form.lines(listed))

    def passed(self, text: str) -> bytes:
        part = text.encode(errors="backslashreplace")
        self.digest.update(part)
        self.size += len(part)
        return part

    def manifest(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "rows": self.rows,
            "bytes": self.size,
            "sha256": self.digest.hexdigest(),
            "newest": self.newest,
            "oldest": self.oldest,
            "sealed": self.sealed,
            "checkpoint": self.checkpoint,
        }


def chunks(events: QuerySet[Event], edge: datetime | None) -> Iterator[list[Event]]:
    """Keyset: each chunk is a query of its own, behind poolers too."""
    found = read(events, edge)
    while found:
        yield found
        if len(found) < CHUNK:
            return
        last = found[-1]
        rest = events.filter(after(ORDER, [last.timestamp, last.pk]))
        found = read(rest, last.timestamp)


def read(rows: QuerySet[Event], edge: datetime | None) -> list[Event]:
    with budget(PATIENCE):
        return fetch(rows, ORDER, CHUNK, edge)


def of(user: Any, search: Search, format: str, before: datetime) -> Stream:
    """What the person may read now, up to a moment, so that it has an end."""
    events = queries.events(user, search).filter(timestamp__lt=before)
    return Stream(events, format, search.end or before)
