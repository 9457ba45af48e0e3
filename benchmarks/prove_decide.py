"""`make prove-decide`: the races and the differences of tests/deciding in their large size.

`python -m benchmarks.prove_decide [CHECKS] [QUESTIONS]`: ten million and a hundred thousand.
"""

from __future__ import annotations

import sys
import time

from benchmarks import world

world.prepare()

import django  # noqa: E402  settings need the database that was just made

django.setup()

from accounts.point import point  # noqa: E402
from tests.cast import Cast, assemble  # noqa: E402
from tests.deciding import race  # noqa: E402
from tests.deciding.agreeing import build, differences  # noqa: E402


def main() -> int:
    checks, questions = (int(text) for text in [*sys.argv[1:], "10000000", "100000"][:2])
    cast = assemble()
    world.machine()
    with world.listening():
        world.until(lambda: point.current() is not None)
        met = [raced(cast, checks), sabotaged(cast), differ(questions)]
    return 0 if all(met) else 1


def raced(cast: Cast, checks: int) -> bool:
    total, seconds = race.Tally(), 10.0
    scene = race.Scene(cast)
    while total.checks < checks:
        one = race.run(scene, seconds)
        total = race.Tally(
            *(a + b for a, b in zip(vars(total).values(), vars(one).values(), strict=True))
        )
        seconds = min(60.0, seconds * 2)
    return world.figure(
        "stale allows while everything changes",
        total.stale,
        "answers",
        "0",
        total.stale == total.late == 0,
        f"{total.checks} checks, {total.remembered} out of memory, {total.writes} changes,"
        f" {total.late} late allows",
    )


def sabotaged(cast: Cast) -> bool:
    found = race.run(race.Scene(cast), 10.0, sabotaged=True)
    wrong = found.stale + found.late
    return world.figure(
        "the same with the stamp read too late",
        wrong,
        "answers",
        "> 0",
        wrong > 0,
        f"{found.stale} stale allows of {found.checks} checks",
    )


def differ(questions: int) -> bool:
    start, asked, found = time.monotonic(), 0, []
    seed = 100
    while asked < questions:
        seed += 1
        found += list(differences(build(seed), seed, 2000))
        asked += 2000
    for line in found[:5]:
        print(line, file=sys.stderr)
    detail = "memory, statements of one and of many, set, path, as-of, oracle;"
    detail += f" {time.monotonic() - start:.0f} s"
    return world.figure(f"differences in {asked} questions", len(found), "", "0", not found, detail)


if __name__ == "__main__":
    sys.exit(main())
