"""Counters that all processes of a host share: what changed, and how far the listener has heard.

A file in memory, mapped by each process. What is remembered carries the stamp that was read
before its SELECT; a change counts the stamp up after its commit. So it is never out of date.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from django.conf import settings

ALL, BEAT, BOOT, ANY, FIRST, SLOTS = 0, 1, 2, 3, 64, 1 << 18
ROWS = range(4, FIRST, 4)  # process id, questions, reads, entries: what each process reports
SIZE = 8 * (FIRST + SLOTS)
NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
MAX_AGE = 500_000_000  # nanoseconds since the listener was last known to have heard everything
# Runs on while the machine sleeps, which the ordinary monotonic clock of Linux does not.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


clock = partial(time.clock_gettime_ns, CLOCK)  # in a quarter of the time of a function of ours


def slot(token: str) -> int:
    """As `accounts_slot` of the database. Two tokens in one slot only cost a reload."""
    return FIRST + (zlib.crc32(token.encode()) & (SLOTS - 1))


def boot() -> int:
    """The clock starts anew with the machine: an older file says nothing."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        text = b""
    return zlib.crc32(text) + 1


class Stamps:
    """One mapping of the file; `view[n]` reads a counter without a lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with whole(path) as file:
            self.inode = os.fstat(file).st_ino
            self.view = memoryview(mmap.mmap(file, SIZE)).cast("Q")
            if self.view[BOOT] != boot():
                self.view[BEAT] = 0
                self.view[ALL] = max(self.view[ALL] + 1, time.time_ns())
                self.view[ANY] = max(self.view[ANY] + 1, time.time_ns())
                self.view[BOOT] = boot()

    def is_current(self) -> bool:
        """Is it still the file that others see?"""
        return is_at(self.path, self.inode)

    def bump(self, slots: Iterable[int]) -> None:
        """Under a lock: an increment that is lost would let something old look new again."""
        with locked(self.path):
            for number in slots:
                self.view[number] += 1
            self.view[ANY] += 1

    def beat(self, at: int) -> None:
        """Everything that was committed before `at` has been stamped on this host."""
        with locked(self.path):
            self.view[BEAT] = max(self.view[BEAT], at)

    def report(self, asked: int, loaded: int, entries: int) -> None:
        """For people to look at; two processes in one row would only spoil a number."""
        row = ROWS[os.getpid() % len(ROWS)]
        self.view[row], self.view[row + 1] = os.getpid(), asked
        self.view[row + 2], self.view[row + 3] = loaded, entries

    def reported(self) -> tuple[int, int, int]:
        """Of all processes together: questions, reads, entries."""
        rows = [self.view[row : row + 4].tolist() for row in ROWS if is_alive(self.view[row])]
        return tuple(map(sum, zip(*(row[1:] for row in rows), strict=True))) or (0, 0, 0)  # type: ignore[return-value]

    def age(self) -> int | None:
        """Nanoseconds since the last beat; nothing when there was none since the machine began."""
        beat = self.view[BEAT]
        age = clock() - beat
        return age if beat and age >= 0 else None


def is_alive(process: int) -> bool:
    return bool(process) and Path(f"/proc/{process}").exists()


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """By a descriptor of its own: one inherited by a fork would share the lock."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)  # a mapping keeps a copy of it, which would hold the lock
        os.close(file)


@contextmanager
def whole(path: Path) -> Iterator[int]:
    """Locked, the file that others see, with room on the disk for every byte: where a mapping is
    written to and there is none, the process ends (SIGBUS) and cannot answer in another way."""
    while True:
        with locked(path) as file:
            if not is_at(path, os.fstat(file).st_ino):
                continue  # replaced while we waited
            if os.fstat(file).st_size == SIZE:
                yield file
                return
            replace(path)


def is_at(path: Path, inode: int) -> bool:
    try:
        return path.stat().st_ino == inode
    except OSError:
        return False


def replace(path: Path) -> None:
    """By a new file, under the lock of the old one: what others map is never made shorter."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(fresh, NEW, 0o600), "wb") as file:
            file.write(bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())  # some file systems look for room no sooner
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def parsed(text: str) -> list[int]:
    """What `accounts_touch` of the database says: slots. Anything else stands for everything."""
    parts = text.split(",")
    if not all(part.isdecimal() and FIRST <= int(part) < FIRST + SLOTS for part in parts):
        return [ALL]
    return sorted({int(part) for part in parts})


_opened: dict[Path, Stamps] = {}


def shared() -> Stamps:
    """This process's mapping of the file; a new one when the file was replaced."""
    path = Path(settings.DECISION_STAMPS)
    found = _opened.get(path)
    if found is None or not found.is_current():
        found = _opened[path] = Stamps(path)
    return found


def tell(touched: str) -> None:
    """After the commit of an act, before anybody hears of it: this host forgets at once."""
    if touched:
        shared().bump(parsed(touched))
