"""Answers given before Django's handler: noted on the disk first, in the tables seconds later.

A note is one line in a file that its process holds locked and mapped: the system keeps what was
put there, whatever becomes of the process. A file that can be locked is whole: its writer went on
to the next one or is gone. So nothing of the answer waits for the database; what the disk does not
take is answered the long way.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import mmap
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from gateway.notes import Note

log = logging.getLogger(__name__)
LIMIT = 256 * 1024**2  # bytes that may wait; then every answer goes the long way
PAGE = 1024**2  # bytes of a file
LOOK = 1.0  # seconds of a file


class Spool:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.file: int | None = None
        self.page: mmap.mmap | None = None
        self.used = 0  # bytes of the page
        self.second = 0.0

    def note(self, note: Note) -> bool:
        """Is it written? If not, nobody may be told what it says."""
        line = orjson.dumps(note, option=orjson.OPT_APPEND_NEWLINE)
        try:
            with self.lock:
                page, start = self.room(note.at, len(line)), self.used
                self.used += len(line)
                page[start : self.used] = line
                return True
        except OSError:
            return False

    def room(self, at: float, length: int) -> mmap.mmap:
        """In this second's file, held until the next or until it is full."""
        page = self.page
        if page is None or self.used + length > PAGE or abs(at - self.second) > LOOK:
            self.let_go()
            if size(self.folder) > LIMIT:
                raise OSError(errno.ENOSPC, "Too many notes wait", str(self.folder))
            page = self.page = self.begin()
            self.second = at
            timer = threading.Timer(2 * LOOK, self.leave, [self.file])
            timer.daemon = True
            timer.start()
        return page

    def begin(self) -> mmap.mmap:
        """Its room is written once: a full disk is told here, and not by a fault in the mapping."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{time.time_ns()}-{os.getpid()}.jsonl"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.write(file, bytes(PAGE)) < PAGE:
                raise OSError(errno.ENOSPC, "No room for notes", str(path))
            if not os.fstat(file).st_nlink:
                raise OSError(errno.ESTALE, "Taken before it was locked", str(path))
            page = mmap.mmap(file, PAGE)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self.file, self.used = file, 0
        return page

    def leave(self, file: int) -> None:
        """Nothing was noted for a while: what was may go into the tables."""
        with self.lock:
            if self.file == file:
                self.let_go()

    def let_go(self) -> None:
        if self.page is not None and self.file is not None:
            self.page.close()
            os.ftruncate(self.file, self.used)
            os.close(self.file)
        self.page = self.file = None


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
            notes = [Note.read(line) for line in file if line.endswith(b"\n")]
        except (ValueError, TypeError, KeyError):  # kept for people to look at; the others go on
            (path.parent / "bad").mkdir(mode=0o700, exist_ok=True)
            path.rename(path.parent / "bad" / path.name)
            log.exception("%s cannot be read: it lies in %s/bad now", path.name, path.parent)
            yield None
            return
        yield notes
        path.unlink()
