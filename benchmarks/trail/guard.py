"""What triggers cost an action: one process, two databases in turn, by processor time.

The other database is a copy without the guarded triggers, which record what does not come from the
application; then one without any of the gate's, which refuse and check too. Processor time of
client and database session, since triggers wait for nothing and the clock is moved by neighbours;
the least disturbed tenth of each block, since neighbours in the caches cost processor time too.
Repeated until the standard error of the ratio is a fifth of a percent.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.lanes import Step
from benchmarks.trail.steps import BARE, NETLESS, name_step
from benchmarks.trail.told import told

BLOCK, MOST = 500, 16  # pairs of actions, and how often at most
NOISE = 0.002


def figures(uid: str, secret: str) -> Iterator[bool]:
    question = "guarded trigger / none, app traffic"
    yield told(question, *against(NETLESS, 1.02), "x")
    yield told("all triggers of the gate / none", *against(BARE, None), "x")


def against(name: str, most: float | None) -> tuple[float, float | None, str]:
    step = name_step("act", 1)
    from django.db import connections

    full = connections["default"]
    bare = type(full)(full.settings_dict | {"NAME": name}, "default")
    both = {"guarded": full, "bare": bare}
    ratios: list[float] = []
    calm: dict[str, float] = {}
    number = 0
    while len(ratios) < MOST and not (len(ratios) > 5 and noise(ratios) < NOISE):
        laps: dict[str, list[float]] = {name: [] for name in both}
        for _ in range(BLOCK):
            number += 1
            for one in random.sample(list(both), 2):
                connections["default"] = both[one]
                laps[one].append(worked(both[one], step, number))
        calm = {one: statistics.quantiles(found, n=10)[0] for one, found in laps.items()}
        ratios.append(calm["guarded"] / calm["bare"])
    connections["default"] = full
    bare.close()
    detail = (
        f"one action, {calm['guarded'] * 1e3:.2f} and {calm['bare'] * 1e3:.2f} ms of the"
        f" processor; median of {len(ratios)} x {BLOCK} pairs, standard error {noise(ratios):.4f}"
    )
    return statistics.median(ratios), most, detail


def noise(ratios: list[float]) -> float:
    return statistics.stdev(ratios) / math.sqrt(len(ratios))


def worked(connection: Any, step: Step, number: int) -> float:
    before = time.process_time() + session(connection)
    step(number)
    return time.process_time() + session(connection) - before


def session(connection: Any) -> float:
    """Seconds of processor time of the database session."""
    connection.ensure_connection()
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return int(stat.read_text().split()[0]) / 1e9
