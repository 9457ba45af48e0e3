"""Client processes, one variant each, in turn: the machine's mood hits all alike."""

from __future__ import annotations

import multiprocessing as mp
import random
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

Step = Callable[[int], object]  # does the work once; gets a number that never repeats


class Lane:
    """One process; `prepare` makes its step, in the process."""

    def __init__(self, prepare: Callable[..., Step], *args: Any) -> None:
        context = mp.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=serve, args=(far, prepare, args), daemon=True)
        self.process.start()
        assert self.pipe.recv() == "ready"

    def ask(self, times: int, seconds: float) -> None:
        self.pipe.send((times, seconds))

    def answer(self) -> list[float]:
        found: list[float] = self.pipe.recv()
        return found

    def end(self) -> None:
        self.pipe.send(None)
        self.process.join(20)


def serve(pipe: Connection, prepare: Callable[..., Step], args: tuple[Any, ...]) -> None:
    step, number = prepare(*args), 0
    pipe.send("ready")
    while (asked := pipe.recv()) is not None:
        times, seconds = asked
        laps: list[float] = []
        end = time.perf_counter() + seconds
        while (len(laps) < times) if times else time.perf_counter() < end:
            number += 1
            start = time.perf_counter()
            step(number)
            laps.append(time.perf_counter() - start)
        pipe.send(laps)


def latency(lanes: dict[str, Lane], rounds: int = 30, block: int = 20) -> dict[str, float]:
    """Median seconds of each, in blocks of random order."""
    for lane in lanes.values():
        lane.ask(block, 0)
        lane.answer()
    laps: dict[str, list[float]] = {name: [] for name in lanes}
    for _ in range(rounds):
        for name in random.sample(list(lanes), len(lanes)):
            lanes[name].ask(block, 0)
            laps[name] += lanes[name].answer()
    return {name: statistics.median(found) for name, found in laps.items()}


def throughput(
    groups: dict[str, list[Lane]], slots: int = 8, seconds: float = 2.0
) -> dict[str, float]:
    """Median steps a second of each group of lanes, slots in random order."""
    rates: dict[str, list[float]] = {name: [] for name in groups}
    for _ in range(slots):
        for name in random.sample(list(groups), len(groups)):
            for lane in groups[name]:
                lane.ask(0, seconds)
            counted = [lane.answer() for lane in groups[name]]
            rates[name].append(sum(len(laps) for laps in counted) / seconds)
    return {name: statistics.median(found) for name, found in rates.items()}
