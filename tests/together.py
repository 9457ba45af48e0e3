"""Two acts at once: the first is written and not yet committed when the second begins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction

from tests.acting import rows

Work = Callable[[], Any]
# Here: other workers of the suite have databases of their own on the same server.
WAITS = (
    "select count(*) from pg_locks l join pg_stat_activity a using (pid)"
    " where not l.granted and a.datname = current_database()"
)


def both(first: Work, second: Work) -> list[Any]:
    """`second` begins when `first` is written, which commits when `second` waits or is done."""
    written, go = threading.Event(), threading.Event()

    def slow() -> Any:
        with closed(), transaction.atomic():
            done = first()
            written.set()
            assert go.wait(20)
            return done

    def fast() -> Any:
        assert written.wait(20)
        with closed():
            return second()

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(slow), pool.submit(fast)]
        try:
            until(lambda: any(one.done() for one in running) or rows(WAITS) != [0])
        finally:
            go.set()
        return [outcome(one) for one in running]


@contextmanager
def closed() -> Iterator[None]:
    try:
        yield
    finally:
        connection.close()


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end
        time.sleep(0.01)


def outcome(running: Future[Any]) -> Any:
    """Refused is an answer too; whatever else goes wrong is not."""
    try:
        return running.result(30)
    except (ValidationError, PermissionDenied) as refused:
        return refused
