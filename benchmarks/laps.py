"""Times of single calls, and what of them is told."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def uncollected() -> Iterator[None]:
    """The collector of garbage waits meanwhile."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def laps(
    function: Callable[[T], Any], items: Iterable[T], before: Callable[[T], Any] = id
) -> list[float]:
    """Seconds of each call, in order of size, with nothing in the processor's caches: the collector
    has just walked through the whole memory."""
    with uncollected():
        return timed(function, items, before)


def timed(
    function: Callable[[T], Any], items: Iterable[T], before: Callable[[T], Any]
) -> list[float]:
    """`before` takes in hand, untimed, what whoever asks would have in hand."""
    clock = time.perf_counter
    found = []
    for item in items:
        before(item)
        start = clock()
        function(item)
        found.append(clock() - start)
    return sorted(found)


def p(found: Sequence[float], percent: float) -> float:
    return found[min(len(found) - 1, int(len(found) * percent / 100))]


def best(
    function: Callable[[T], Any],
    items: Sequence[T],
    rounds: int = 5,
    before: Callable[[T], Any] = id,
) -> list[float]:
    """The round with the best median, after one that is not counted: the machine is shared, and its
    other work is not ours."""
    with uncollected():
        timed(function, items, before)
        return min((timed(function, items, before) for _ in range(rounds)), key=statistics.median)


def told(found: Sequence[float], unit: float = 1e6, name: str = "us") -> str:
    return f"p50 {p(found, 50) * unit:.2f} {name}, p99 {p(found, 99) * unit:.2f} {name}"
