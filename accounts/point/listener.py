"""One process a host: hears what changed anywhere, stamps it here, and proves that it hears."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connections

from accounts.point import stamps
from accounts.point.stamps import ALL, clock, parsed

BEAT_SECONDS = 0.1
RETRY_SECONDS = 0.5
CHANNEL = "accounts_touched"
log = logging.getLogger(__name__)


def listen(stopped: Callable[[], bool]) -> None:
    """Until told to stop; without its database or room for the file it keeps trying, and is not
    believed meanwhile."""
    while not stopped():
        try:
            with connect() as session:
                log.info("Listening: decisions come out of memory.")
                follow(session, stopped)
        except (psycopg.Error, OSError) as error:
            log.warning("Not listening, decisions come from the database: %s", error)
            time.sleep(RETRY_SECONDS)


def connect() -> psycopg.Connection[Any]:
    """Of its own, since it never comes back to a pool; a silent network is an error too."""
    settings: dict[str, Any] = connections["default"].get_connection_params()
    settings |= {"autocommit": True, "application_name": "gatehouse listener"}
    settings |= {"connect_timeout": 5, "keepalives_idle": 5, "tcp_user_timeout": 5000}
    for name in ("cursor_factory", "context"):
        settings.pop(name, None)
    return psycopg.connect(**settings)


def follow(session: psycopg.Connection[Any], stopped: Callable[[], bool]) -> None:
    """A beat is a message to ourselves. The queue is in the order of commits: when it comes back,
    everything committed before it was sent has come too, and has been stamped."""
    shared = stamps.shared()
    session.execute(f"listen {CHANNEL}")
    shared.bump([ALL])  # what was missed until now
    sent: deque[int] = deque()
    me = session.info.backend_pid
    while not stopped():
        if not shared.is_current():
            shared = stamps.shared()
            shared.bump([ALL])
        sent.append(clock())
        session.execute("select pg_notify(%s, %s)", [CHANNEL, f"beat {sent[-1]}"])
        for heard in session.notifies(timeout=BEAT_SECONDS):
            if stopped():
                return
            if not heard.payload.startswith("beat "):
                shared.bump(parsed(heard.payload))
            elif heard.pid == me and sent and heard.payload == f"beat {sent[0]}":
                shared.beat(sent.popleft())


def in_thread() -> tuple[threading.Thread, threading.Event]:
    """For tests and benchmarks: the same loop beside the caller."""
    stop = threading.Event()
    thread = threading.Thread(target=listen, args=(stop.is_set,), daemon=True)
    thread.start()
    return thread, stop
