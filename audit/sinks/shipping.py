"""One round of one sink: batch after batch until it has everything, or says no."""

from __future__ import annotations

import time

from audit.delivery.address import NotTaken
from audit.exports.record import records
from audit.sinks import outbox
from audit.sinks.senders import send
from audit.sinks.targets import Target

ROUND = 30.0  # seconds, after which other work has its turn


def ship(target: Target, seconds: float = ROUND) -> int:
    """How many events went; nothing while another worker ships, or while it waits to try again."""
    until, sent = time.monotonic() + seconds, 0
    with outbox.leased(target.name) as cursor:
        if cursor is None:
            return 0
        try:
            while time.monotonic() < until and (events := outbox.batch(cursor)):
                send(target, records(events))
                outbox.delivered(cursor, events)
                sent += len(events)
            outbox.rise(cursor)
        except Exception as error:  # whatever it is, doctor says it and the next round tries
            outbox.failed(cursor, reason(error))
    return sent


def reason(error: Exception) -> str:
    """For doctor and metrics: what failed, without what was sent."""
    if isinstance(error, NotTaken):
        return str(error)
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error.strerror or error}"
    return f"{type(error).__name__}"
