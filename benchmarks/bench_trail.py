"""Every figure of the trail, with one table at the end.

`make bench-trail` makes what it needs: a site with people to rename, and ten million events in a
database of their own (TRAIL_ROWS=1000000 makes fewer, TRAIL_KEEP=1 keeps them for the next run).
ARGS="guard chain" measures those parts only; `large` is the ten million.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks import world
from benchmarks.trail.told import table

ROWS = int(os.environ.get("TRAIL_ROWS", 10_000_000))
BYTES = 1_400  # of disk that an event takes, with its indexes
SITE = 2e9  # and the site, with the events that are verified
SECONDS = 1.8e-4  # that an event takes to make
PARTS = ("writes", "guard", "seals", "chain", "verified", "proofs", "large")


def main() -> int:
    asked = sys.argv[1:] or list(PARTS)
    if unknown := set(asked) - set(PARTS):
        raise SystemExit(f"No part is called {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
    need_disk(large="large" in asked)
    world.machine()
    site = [part for part in asked if part != "large"]
    answers = list(run("benchmarks.trail.site", *site)) if site else []
    if "large" in asked:
        answers += run("benchmarks.trail.large", str(ROWS))
    print(table(answers))
    return 0 if all(answer["ok"] for answer in answers) else 1


def need_disk(*, large: bool) -> None:
    need = SITE + ROWS * BYTES * large
    free = shutil.disk_usage(os.environ["DATA_DIR"]).free
    minutes = 8 + ROWS * SECONDS / 60 * large
    print(
        f"{ROWS if large else 0:,} events: {need / 1e9:.1f} GB of disk ({free / 1e9:.0f} GB are"
        f" free), about {minutes:.0f} minutes.",
        flush=True,
    )
    if free < need * 1.3:
        raise SystemExit("That is not enough: TRAIL_ROWS=1000000 needs less.")


def run(module: str, *args: str) -> Iterator[dict[str, Any]]:
    """A process for each database, since settings name one."""
    command = [sys.executable, "-m", module, *args]
    with subprocess.Popen(command, cwd=world.ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith('{"question"'):
                yield json.loads(line)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{module} ended with {process.returncode}.")


if __name__ == "__main__":
    sys.exit(main())
