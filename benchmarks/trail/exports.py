"""Peak memory of processes that each write one export."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.trail.told import told


def figures(user: Any, rows: int) -> Iterator[bool]:
    """Peaks of processes that each write one export."""
    many, few = min(1_000_000, rows // 2), min(100_000, rows // 20)
    found = {}
    for number in (few, many):
        command = [sys.executable, "-m", "benchmarks.trail.export", str(number)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[number] = json.loads(done.stdout.splitlines()[-1])
    value = found[many]["mb"] / found[few]["mb"]
    question = f"peak memory of an OCSF export of {many} rows / of {few}"
    yield told(question, value, 1.1, str(found), "x")
