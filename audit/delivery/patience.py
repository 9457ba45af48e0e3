"""Somebody else's client, for so many seconds and no longer."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from audit.delivery.address import NotTaken

_turns: dict[str, threading.Lock] = {}
os.register_at_fork(after_in_child=_turns.clear)  # whoever would give them back stays behind


def within(seconds: float, name: str, work: Callable[[], object]) -> None:
    """A library counts its timeouts from the last byte: one byte a second would hold us for ever.

    What does not end is left to itself, one at most of each name: it holds nobody up, not even at
    the end of the process. Who comes meanwhile waits for their turn, as long as they would for the
    answer.
    """
    end = time.monotonic() + seconds
    turn = _turns.setdefault(name, threading.Lock())
    if not turn.acquire(timeout=seconds):
        raise NotTaken("it still has not answered what it was sent before")
    done: Future[object] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # raised again where somebody waits
            done.set_exception(error)
        finally:
            turn.release()

    try:
        threading.Thread(target=run, name=name, daemon=True).start()
    except RuntimeError as error:
        turn.release()
        raise NotTaken(str(error)) from None
    try:
        done.result(end - time.monotonic())
    except TimeoutError:
        raise NotTaken(f"it did not answer within {seconds:g} s") from None
