"""`make prove-decide`: the races and the differences of tests/deciding in their large size.

`python -m benchmarks.prove_decide [CHECKS] [QUESTIONS]`: ten million and a hundred thousand.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from benchmarks import world

world.prepare()

import django  # noqa: E402  settings need the database that was just made

django.setup()

from django.db import connections  # noqa: E402

from accounts.point import point  # noqa: E402
from tests.cast import Cast, assemble  # noqa: E402
from tests.deciding import race  # noqa: E402
from tests.deciding.agreeing import Tally, build, differences  # noqa: E402

FORK = race.FORK
WORKERS = 2


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
    """Until each way has answered as many; a process a core, since worlds are apart."""
    start, seeds = time.monotonic(), FORK.Value("q", 100)
    out = FORK.Queue()
    build(seeds.value)  # with the agreements, which all worlds share
    connections.close_all()
    share = questions // WORKERS + 1
    children = [FORK.Process(target=worlds, args=(share, seeds, out)) for _ in range(WORKERS)]
    for child in children:
        child.start()
    tally, found = Tally(), list[str]()
    for _ in children:
        part, told = out.get(timeout=3600)
        tally.add(part)
        found += told
    for child in children:
        child.join(10)
    found += tally.lacks(each=min(300, questions // 250))
    for line in found[:5]:
        print(line, file=sys.stderr)
    print(json.dumps({"answers": tally.ways, "reasons": tally.reasons}), flush=True)
    least = f"differences where each way is asked {tally.least} times"
    detail = f"memory, SQL, sets, path, as-of, oracle; {time.monotonic() - start:.0f} s"
    return world.figure(least, len(found), "", "0", not found, detail)


def worlds(questions: int, seeds: Any, out: Any) -> None:
    point.forget()
    tally, found = Tally(), list[str]()
    while tally.least < questions:
        with seeds.get_lock():
            seeds.value += 1
            seed = seeds.value
        found += list(differences(build(seed), seed, min(2000, questions), tally))
    out.put((tally, found))
    out.close()
    out.join_thread()
    os._exit(0)  # without closing what was inherited


if __name__ == "__main__":
    sys.exit(main())
