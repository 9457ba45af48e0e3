"""Whether a sealer at work slows those who write."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import lanes, world
from benchmarks.lanes import Lane
from benchmarks.trail.steps import name_step
from benchmarks.trail.told import told

CLIENTS, ROUNDS = 8, 4


def figures(uid: str, secret: str) -> Iterator[bool]:
    writers = [Lane(name_step, "act", 1, user) for user in range(CLIENTS)]
    quiet, busy = [], []
    for _ in range(ROUNDS):
        quiet.append(lanes.throughput({"": writers}, 2)[""])
        with sealing():
            busy.append(lanes.throughput({"": writers}, 2)[""])
    for lane in writers:
        lane.end()
    detail = f"{sum(busy) / ROUNDS:.0f} and {sum(quiet) / ROUNDS:.0f} actions/s, {CLIENTS} clients"
    ratio = sum(busy) / sum(quiet)
    yield told("actions a second with sealer / without", ratio, 0.95, detail, "x", least=True)


@contextmanager
def sealing() -> Iterator[None]:
    """A sealer at work, once a second; stopped in between, it would keep its lock."""
    command = [sys.executable, "manage.py", "seal", "--loop", "1"]
    process = subprocess.Popen(command, cwd=world.ROOT)
    time.sleep(3)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
