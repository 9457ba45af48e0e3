"""One owner runs the servers, others use them; the owner leaves last."""

import fcntl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def shared(
    data: Path, *, start: Callable[[], ExitStack], answers: Callable[[], bool]
) -> Iterator[None]:
    """The kernel drops both locks with their process, so a kill -9 leaves none behind."""
    with (data / "users.lock").open("a") as users, (data / "owner.lock").open("a") as owner:
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while an owner is stopping
        running = _own_or_join(data, owner, start, answers)
        try:
            yield
        finally:
            if running is not None:
                with running:
                    _wait_for_others(data, users)
            # Said aloud, because a forked child would keep a merely closed lock.
            fcntl.flock(owner, fcntl.LOCK_UN)
            fcntl.flock(users, fcntl.LOCK_UN)


def _own_or_join(
    data: Path, owner: IO[str], start: Callable[[], ExitStack], answers: Callable[[], bool]
) -> ExitStack | None:
    deadline = time.monotonic() + 90
    while not _take(owner):
        if answers():
            return None
        if time.monotonic() > deadline:
            raise SystemExit(f"The servers in {data} do not answer; see {data / 'log'}.")
        time.sleep(0.02)
    return start()


def _wait_for_others(data: Path, users: IO[str]) -> None:
    if not _take(users):
        print(
            f"Other commands still use the servers in {data}: waiting for them."
            " Ctrl-C stops the servers at once.",
            file=sys.stderr,
            flush=True,
        )
        with suppress(KeyboardInterrupt):
            fcntl.flock(users, fcntl.LOCK_EX)


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
