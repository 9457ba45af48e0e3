"""Whether a sealer at work slows those who write."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import lanes, world
from benchmarks.lanes import Lane
from benchmarks.trail.steps import name_step
from benchmarks.trail.told import told

CLIENTS, ROUNDS = 8, 8
CAUGHT_UP = """
select (select max(newest) from audit_checkpoint) >= (select max(id) from audit_event)
"""


def figures(uid: str, secret: str) -> Iterator[bool]:
    writers = [Lane(name_step, "act", 1, user) for user in range(CLIENTS)]
    quiet, busy = [], []
    for _ in range(ROUNDS):
        quiet.append(lanes.throughput({"": writers}, 2)[""])
        with sealing():
            busy.append(lanes.throughput({"": writers}, 2)[""])
    for lane in writers:
        lane.end()
    sealed, unsealed = statistics.median(busy), statistics.median(quiet)
    detail = f"{sealed:.0f} and {unsealed:.0f} actions/s, {CLIENTS} clients, medians of {ROUNDS}"
    question = "actions a second with sealer / without"
    yield told(question, sealed / unsealed, 0.95, detail, "x", least=True)


@contextmanager
def sealing() -> Iterator[None]:
    """A sealer at work, once a second; stopped in between, it would keep its lock."""
    command = [sys.executable, "manage.py", "seal", "--loop", "1"]
    process = subprocess.Popen(command, cwd=world.ROOT)
    try:
        with world.superuser(world.NAME) as full:
            world.until(lambda: bool(full.execute(CAUGHT_UP).fetchone()[0]))  # type: ignore[index]
        yield
    finally:
        process.terminate()
        process.wait()
