"""Events verified a second and core, and the memory that it takes: `python -m audit.alone`.

In a process of its own, whose time and memory are the verification's.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import world
from benchmarks.trail.told import told

EVENTS = 300_000
# Whole acts, so that what is copied holds together as what was written does.
COPIES = """
with whole as (
  select e.* from audit_event e join (
    select act from audit_event where kind = 'act' and outcome = 'ok' order by id limit 60) a
    using (act))
insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, content_type_id, object_pk, object_repr, action, changes, resource_id,
  resource_path, decision, purpose, request_id, door, remote_addr, agent, message, data)
select kind, event_class, md5(act::text || copy)::uuid, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, content_type_id, object_pk, object_repr, action, changes, resource_id,
  resource_path, decision, purpose, request_id, door, '192.0.2.7', 'Mozilla/5.0', message, data
  from whole, generate_series(1, %s / (select count(*) from whole)) as copy
"""


def figures(uid: str, secret: str) -> Iterator[bool]:
    from django.db import connections

    from audit.seal import rounds

    with world.superuser(world.NAME) as full:
        full.execute(COPIES, [EVENTS])
        full.execute("vacuum analyze audit_event")
    start = time.perf_counter()
    sealed = rounds.once()
    rate = sealed / (time.perf_counter() - start)
    yield told("events sealed a second, in one backlog", rate, None, f"{sealed} events")
    with world.superuser(world.NAME) as full:
        full.execute("vacuum analyze audit_leaf")
    connections.close_all()
    alone, inside = (run(way) for way in ("alone", "inside"))
    yield told("problems that it finds", alone["problems"], 0, "copies of whole acts")
    detail = (
        f"{alone['events']} events in {alone['wall']:.1f} s;"
        f" {alone['events'] / alone['wall']:.0f}/s with the database on the same cores"
    )
    rate = alone["events"] / alone["cpu"]
    yield told("events verified a second and core", rate, 100_000, detail, least=True)
    detail = f"{alone['before']:.0f} MB before it began; {inside['peak']:.0f} MB with every app"
    yield told("peak memory of verifying", alone["peak"], 80, detail, "MB")


def run(way: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.trail.verified", way]
    done = subprocess.run(command, cwd=world.ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def verify(way: str) -> None:
    if way == "inside":
        import django

        django.setup()
    from audit import alone

    sys.argv[1:] = []
    said = io.StringIO()
    before, cpu, wall = peak(), time.process_time(), time.perf_counter()
    with contextlib.redirect_stdout(said):
        alone.main()
    report = json.loads(said.getvalue())
    figures = {
        "events": report["leaves"],
        "problems": len(report["problems"]),
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "before": before,
        "peak": peak(),
    }
    print(json.dumps(figures))


def peak() -> float:
    """MB; what `getrusage` says begins with the peak of whoever started us."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    verify(sys.argv[1])
