"""Who asks the same at once is answered in turn; nobody waits longer than they said."""

from __future__ import annotations

import os
import threading
import time

import pytest

from audit.delivery.address import NotTaken
from audit.delivery.patience import within


def test_who_ask_at_once_are_all_answered_and_never_two_at_a_time():
    at_once, most, failed = 0, 0, []
    counting = threading.Lock()

    def work() -> None:
        nonlocal at_once, most
        with counting:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.1)
        with counting:
            at_once -= 1

    def ask() -> None:
        try:
            within(5, "at once", work)
        except NotTaken as error:
            failed.append(str(error))

    asking = [threading.Thread(target=ask) for _ in range(5)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert (failed, most) == ([], 1)


def test_the_wait_for_ones_turn_is_part_of_ones_time():
    ended = threading.Event()
    try:
        with pytest.raises(NotTaken, match=r"did not answer within 0\.2 s"):
            within(0.2, "stuck", ended.wait)
        before = time.monotonic()
        with pytest.raises(NotTaken, match="still has not answered"):
            within(0.3, "stuck", ended.wait)
        assert 0.25 < time.monotonic() - before < 2
        within(0.3, "another", lambda: None)
    finally:
        ended.set()
    within(5, "stuck", lambda: None)


def test_what_went_wrong_is_raised_and_the_next_has_their_turn():
    with pytest.raises(ZeroDivisionError):
        within(5, "wrong", lambda: 1 / 0)
    within(5, "wrong", lambda: None)


def test_a_child_does_not_wait_for_what_its_parent_sent():
    ended = threading.Event()
    with pytest.raises(NotTaken):
        within(0.1, "parent", ended.wait)
    if (child := os.fork()) == 0:
        try:
            within(5, "parent", lambda: None)
            os._exit(0)
        finally:
            os._exit(1)
    ended.set()
    assert os.waitpid(child, 0)[1] == 0
