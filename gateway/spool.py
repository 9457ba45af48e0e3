"""Answers given before Django's handler: noted on the disk first, in the tables seconds later.

A note is one line in a file that its process holds locked. A file that can be locked is whole:
its writer went on to the next one or is gone. So nothing is lost with a process, and nothing of
the answer waits for the database; what the disk does not take is answered the long way.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

log = logging.getLogger(__name__)
LIMIT = 256 * 1024**2  # bytes that may wait; then every answer goes the long way
LOOK = 1.0  # seconds between two looks at how much waits


@dataclass(frozen=True, slots=True)
class Note:
    """One answer: who was told what about whom."""

    evaluation: str
    at: float  # seconds of the epoch
    subject: str
    asker: str
    permission: str
    resource: int
    purpose: str
    reason: str
    grant: str = ""
    role: str = ""
    address: str = ""
    agent: str = ""
    key: str = ""  # the id of the asker's key


class Spool:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.file: int | None = None
        self.second = self.looked = 0.0
        self.waiting = 0

    def note(self, note: Note) -> bool:
        """Is it written? If not, nobody may be told what it says."""
        line = json.dumps(asdict(note), separators=(",", ":")).encode() + b"\n"
        try:
            with self.lock:
                if self.is_full(note.at):
                    return False
                if os.write(self.current(note.at), line) == len(line):
                    return True
                self.let_go()  # half a line stays the last of its file
                return False
        except OSError:
            return False

    def is_full(self, at: float) -> bool:
        if abs(at - self.looked) > LOOK:
            self.looked, self.waiting = at, size(self.folder)
        return self.waiting > LIMIT

    def current(self, at: float) -> int:
        """This second's file, held until the next."""
        if self.file is None or abs(at - self.second) > LOOK:
            self.let_go()
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.folder / f"{time.time_ns()}-{os.getpid()}.jsonl"
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | os.O_CLOEXEC
            self.file = os.open(path, flags, 0o600)
            fcntl.flock(self.file, fcntl.LOCK_EX)
            self.second = at
            timer = threading.Timer(2 * LOOK, self.leave, [self.file])
            timer.daemon = True
            timer.start()
        return self.file

    def leave(self, file: int) -> None:
        """Nothing was noted for a while: what was may go into the tables."""
        with self.lock:
            if self.file == file:
                self.let_go()

    def let_go(self) -> None:
        if self.file is not None:
            os.close(self.file)
            self.file = None


def size(folder: Path) -> int:
    """Bytes that wait."""
    return sum(path.stat().st_size for path in folder.glob("*.jsonl"))


def oldest(folder: Path) -> float | None:
    """Since when the first of them waits; seconds of the epoch."""
    names = sorted(path.name for path in folder.glob("*.jsonl"))
    return int(names[0].partition("-")[0]) / 1e9 if names else None


@contextmanager
def taken(path: Path) -> Iterator[list[Note] | None]:
    """The notes of a file that nobody writes or takes; it goes when the block ends well."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = path.stat().st_ino == os.fstat(file.fileno()).st_ino
        except (BlockingIOError, FileNotFoundError):
            alone = False
        if not alone:
            yield None
            return
        try:
            notes = [Note(**json.loads(line)) for line in file if line.endswith(b"\n")]
        except (ValueError, TypeError):  # kept for people to look at; the others go on
            (path.parent / "bad").mkdir(mode=0o700, exist_ok=True)
            path.rename(path.parent / "bad" / path.name)
            log.exception("%s cannot be read: it lies in %s/bad now", path.name, path.parent)
            yield None
            return
        yield notes
        path.unlink()
