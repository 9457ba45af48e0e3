"""Somebody else's client, for so many seconds and no longer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from audit.delivery.address import NotTaken

_at_work: dict[str, threading.Thread] = {}


def within(seconds: float, name: str, work: Callable[[], None]) -> None:
    """A library counts its timeouts from the last byte: one byte a second would hold us for ever.

    What does not end is left to itself, one at most of each name: it holds nobody up, not even at
    the end of the process.
    """
    if (before := _at_work.get(name)) is not None and before.is_alive():
        raise NotTaken("it still has not answered what it was sent before")
    done: Future[None] = Future()

    def run() -> None:
        try:
            work()
            done.set_result(None)
        except BaseException as error:  # raised again where somebody waits
            done.set_exception(error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    _at_work[name] = thread
    thread.start()
    try:
        done.result(seconds)
    except TimeoutError:
        raise NotTaken(f"it did not answer within {seconds:g} s") from None
