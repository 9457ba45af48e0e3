"""Millions of events in a database of their own: `python -m benchmarks.trail.large ROWS`.

TRAIL_KEEP=1 leaves the database for the next run.
"""

from __future__ import annotations

import os
import sys

from benchmarks import world

ROWS = int(sys.argv[1])
NAME = f"gatehouse_trail_{ROWS}"
MADE = world.prepare(NAME)

import django  # noqa: E402  settings need the database that was just made

django.setup()

from django.db import connection  # noqa: E402

from accounts.models import User  # noqa: E402
from benchmarks.trail import exports, pages, reading  # noqa: E402
from benchmarks.trail.build import build  # noqa: E402


def main() -> int:
    if MADE:
        build(ROWS)
    dana = User.objects.get(username="dana")
    parts = (pages, reading, exports)
    met = [ok for part in parts for ok in part.figures(dana, ROWS)]
    if os.environ.get("TRAIL_KEEP") != "1":
        connection.close()
        world.drop(NAME)
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
