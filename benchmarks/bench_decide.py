"""What a decision costs, against bare things and against others, in a large installation.

`python -m benchmarks.bench_decide [SIZE] [PART ...]`: a million grants and every part unless said
otherwise. Each ratio is of one run. `make bench-decide ARGS="100000 process lists"`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import world

world.prepare()

import django  # noqa: E402  settings need the database that was just made

django.setup()

import os  # noqa: E402

import psycopg  # noqa: E402

from accounts.point import point  # noqa: E402
from benchmarks import crowd  # noqa: E402
from benchmarks.decide import growth, http, lists, peers, process, visible  # noqa: E402
from tests.cast import assemble  # noqa: E402

PARTS: dict[str, Callable[[crowd.Questions], list[bool]]] = {
    "process": process.figures,
    "lists": lists.figures,
    "visible": visible.figures,
    "http": http.figures,
    "peers": peers.figures,
    "growth": growth.figures,
}


def main() -> int:
    sizes = [int(text) for text in sys.argv[1:] if text.isdecimal()]
    parts = [text for text in sys.argv[1:] if not text.isdecimal()] or list(PARTS)
    assemble()
    world.machine()
    questions = ready(sizes[0] if sizes else 1_000_000)
    with world.listening():
        world.until(lambda: point.current() is not None)
        met = [ok for part in parts for ok in PARTS[part](questions)]
    return 0 if all(met) else 1


def ready(size: int) -> crowd.Questions:
    made = crowd.draw(size)
    world.figure(
        "the installation that is asked", made.grants, "grants", "", True,
        f"{made.people} people, {made.datasets} datasets; drawn in {made.seconds:.0f} s,"
        f" {made.megabytes:.0f} MB on disk",
    )  # fmt: skip
    with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"]) as server:
        return crowd.Questions(server, made.people, made.datasets)


if __name__ == "__main__":
    sys.exit(main())
