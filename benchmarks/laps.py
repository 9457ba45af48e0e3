"""Times of single calls, and what of them is told."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def laps(
    function: Callable[[T], Any], items: Sequence[T], before: Callable[[T], Any] = id
) -> list[float]:
    """Seconds of each call, in order of size; the collector of garbage waits meanwhile.

    `before` takes in hand, untimed, what whoever asks would have in hand.
    """
    clock = time.perf_counter
    found = []
    gc.collect()
    gc.disable()
    try:
        for item in items:
            before(item)
            start = clock()
            function(item)
            found.append(clock() - start)
    finally:
        gc.enable()
    return sorted(found)


def p(found: Sequence[float], percent: float) -> float:
    return found[min(len(found) - 1, int(len(found) * percent / 100))]


def best(
    function: Callable[[T], Any],
    items: Sequence[T],
    rounds: int = 5,
    before: Callable[[T], Any] = id,
) -> list[float]:
    """The round with the best median: the machine is shared, and its other work is not ours."""
    return min((laps(function, items, before) for _ in range(rounds)), key=statistics.median)


def told(found: Sequence[float], unit: float = 1e6, name: str = "us") -> str:
    return f"p50 {p(found, 50) * unit:.2f} {name}, p99 {p(found, 99) * unit:.2f} {name}"
