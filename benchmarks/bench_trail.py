"""The trail at ten million events: each filter at any depth, words, counts, memory of an export.

TRAIL_ROWS=1000000 makes it smaller; TRAIL_KEEP=1 leaves the database for the next run. The rows
are inserted before the indexes are made, which gives the same indexes in less time.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import world

ROWS = int(os.environ.get("TRAIL_ROWS", 10_000_000))
NAME = f"gatehouse_trail_{ROWS}"
PART = 250_000  # rows an insert
BYTES = 1_400  # of disk that a row takes, with its indexes
MEASURED = sys.argv[1:2] == ["export"]  # a process of its own, whose memory is the figure

if not MEASURED:
    FREE = shutil.disk_usage(os.environ["DATA_DIR"]).free
    print(json.dumps({"rows": ROWS, "disk_gb": round(ROWS * BYTES / 1e9, 1)}), flush=True)
    if FREE < ROWS * BYTES * 1.3:
        raise SystemExit(f"Only {FREE / 1e9:.1f} GB are free: TRAIL_ROWS=1000000 needs less.")
    MADE = world.prepare(NAME)

import django  # noqa: E402  settings need the database that was just made

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from audit import queries  # noqa: E402
from audit.budget import budget  # noqa: E402
from audit.doors.cursor import after, fetch  # noqa: E402
from audit.exports import stream  # noqa: E402
from audit.models import Event  # noqa: E402
from audit.search import Search  # noqa: E402
from tests.cast import assemble  # noqa: E402

SQL = (Path(__file__).parent / "trail_rows.sql").read_text()
FILTER_MS, TEXT_MS, DEPTH, MEMORY = 50.0, 100.0, 2.0, 1.1
SIZE = 41  # a page of forty, and one that says there is more
FILTERS: dict[str, list[str]] = {
    "latest": [""],
    "actor, hot": ["actor:user1", "actor:user2", "actor:user3"],
    "actor, rare": ["actor:user1990", "actor:user1850", "actor:user1700"],
    "actor, beginning": ["actor:user19*", "actor:user1999*", "actor:u*"],
    "resource": [f"resource:project{n % 500}/dataset-{n}" for n in (1, 77, 5003, 150001)],
    "resource, a project": ["resource:project7", "resource:project499"],
    "verb, common": ["verb:file.download", "verb:grant.open"],
    "verb, rare": ["verb:role.retire"],
    "verb, a noun": ["verb:grant", "verb:access_request", "verb:role"],
    "class": ["class:authorization", "class:data_access"],
    "outcome": ["outcome:denied", "outcome:failed"],
    "door": ["door:admin", "door:cli", "door:web"],
    "purpose": ["purpose:care", "purpose:research"],
    "key": ["key:k7", "key:k13930", "key:k12950"],
    "ip": ["ip:10.0.0.131", "ip:10.3.250.0/24", "ip:10.0.0.0/8"],
    "since until": ["since:2d", "since:300d until:299d"],
    "actor and verb and 30 days": [
        "actor:user1 verb:grant.open since:400d until:370d",
        "actor:user1500 verb:grant.open since:400d until:370d",
    ],
    "who did what on what between": [
        "actor:user1 verb:grant resource:project7 since:400d until:200d",
        "actor:user1500 verb:file resource:project7 since:600d until:10d",
    ],
    "rare actor and rare verb": ["actor:user1990 verb:role.retire"],
    "nothing found": ["actor:nobody", "key:none", "verb:none.such"],
    "changed, a field": ["changed:state", "changed:classification"],
    "changed, a value": ["changed:classification=restricted", 'changed:"state=is 5"'],
}
TEXT: dict[str, list[str]] = {
    "a ticket number": [f"{n}" for n in (ROWS // 40 * 20 + 4, ROWS // 60 * 20 + 4)],
    "a phrase in a quarter of all": ['"quarterly review"'],
    "words in between": ["w50", "w500", "w4000", '"ward 17"'],
    "two words": ["case w20", "w300 ward"],
    "a beginning": ["quart*", "w499*"],
    "no match": ["zzznomatch"],
    "common and 7 days": ["quarterly since:100d until:93d"],
    "common and a rare actor": ["quarterly actor:user1990", "quarterly actor:user1"],
    "without": ["case -w1", "-quarterly"],
    "part of a name": ["object:taset-1777", "object:user1999"],
}


def main() -> int:
    build()
    world.machine()
    dana = User.objects.get(username="dana")
    page(dana, "")
    met = [timed(f"filter: {name}", dana, texts, FILTER_MS) for name, texts in FILTERS.items()]
    met += [timed(f"words: {name}", dana, texts, TEXT_MS) for name, texts in TEXT.items()]
    met += [watched(dana), counted(dana), deep(dana), memory()]
    if os.environ.get("TRAIL_KEEP") != "1":
        connection.close()
        world.drop(NAME)
    return 0 if all(met) else 1


# --- the rows


def build() -> None:
    if not MADE:
        return
    assemble()
    with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], autocommit=True) as owner:
        owner.execute("set maintenance_work_mem = '1GB'; set max_parallel_maintenance_workers = 2")
        owner.execute("set session authorization gatehouse_owner")
        months(owner)
        indexes = owner.execute(
            "select indexname, indexdef from pg_indexes"
            " where tablename = 'audit_event' and indexname <> 'audit_event_pkey'"
        ).fetchall()
        for name, _ in indexes:
            owner.execute(f'drop index "{name}"')
        for first in range(1, ROWS + 1, PART):
            last = min(first + PART - 1, ROWS)
            owner.execute(SQL.format(first=first, last=last, total=ROWS))
            tell(f"rows {last}")
        for name, made in indexes:
            owner.execute(made.replace(" ON ONLY ", " ON "))
            tell(f"index {name}")
        owner.execute("reset session authorization")
        owner.execute("vacuum (analyze) audit_event")
        sizes(owner)


def months(owner: psycopg.Connection[Any]) -> None:
    """The partitions of the two years that have passed, as the function makes those to come."""
    owner.execute(
        """do $$ declare first date := date_trunc('month', now() - interval '25 months');
        begin while first < date_trunc('month', now()) loop
          execute format('create table %I partition of audit_event for values from (%L) to (%L)',
            'audit_event_' || to_char(first, 'YYYY_MM'), first, first + interval '1 month');
          first := first + interval '1 month';
        end loop; end $$"""
    )


def sizes(owner: psycopg.Connection[Any]) -> None:
    found = owner.execute(
        """select coalesce(substring(c.relname from '(?<=[0-9]{2}_)[a-z_]+_idx[0-9]*$'), 'table'),
           pg_size_pretty(sum(pg_relation_size(c.oid)))
           from pg_class c where c.relname like 'audit_event_2%' group by 1 order by 1"""
    )
    tell(f"sizes {dict(found.fetchall())}")


def tell(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


# --- the figures


def laps(work: Callable[[], Any], times: int = 15) -> list[float]:
    """Milliseconds, the first touch included."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1e3)
    return found


def p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def page(user: Any, text: str) -> list[Event]:
    """As the doors read it: with the decision, the limits and the budget."""
    with budget(30):
        search = Search.of(text)
        return fetch(queries.events(user, search), stream.ORDER, SIZE, search.end)


def worked() -> float:
    """Milliseconds of processor time: this process and its database session."""
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    ticks = stat.read_text().rsplit(")", 1)[1].split()[11:13] if stat.exists() else []
    return time.process_time() * 1e3 + sum(map(int, ticks)) * 1e3 / os.sysconf("SC_CLK_TCK")


def timed(name: str, user: Any, texts: list[str], target: float) -> bool:
    """By the clock; beside it the time of the processor, which neighbours do not change."""
    before = worked()
    each = {text: laps(lambda text=text: page(user, text)) for text in texts}  # type: ignore[misc]
    work = (worked() - before) / sum(map(len, each.values()))
    value = p95([lap for found in each.values() for lap in found])
    middle = {text: round(statistics.median(found), 1) for text, found in each.items()}
    rows = [len(page(user, text)) for text in texts]
    load = round(os.getloadavg()[0], 1)
    detail = f"medians {middle}, rows {rows}, processor {work:.1f} ms a page, load {load}"
    return world.figure(f"{name}, p95", value, "ms", f"< {target}", value < target, detail)


def watched(user: Any) -> bool:
    """The limits of a person who reads the trail of some resources only."""
    sets = {"one": [150_001], "hot": [1], "200": range(1000, 1200), "5000": range(20000, 25000)}
    found = {}
    for name, ids in sets.items():
        mine = queries.within(Event.objects.defer("words"), list(ids))
        for text in ("", "quarterly", "actor:user1990"):
            search = Search.of(text)

            def read(mine: Any = mine, search: Search = search) -> list[Event]:
                with budget(30):
                    return fetch(mine.filter(search.condition()), stream.ORDER, SIZE)

            found[f"{name} {text}".strip()] = p95(laps(read))
    value = max(found.values())
    detail = f"{ {name: round(ms, 1) for name, ms in found.items()} }"
    question = "an auditor of some resources, slowest p95"
    return world.figure(question, value, "ms", f"< {TEXT_MS}", value < TEXT_MS, detail)


def counted(user: Any) -> bool:
    """What stands above the list: a count of at most 10,000 and the chart made of it."""
    texts = ["", "actor:user1", "actor:user1990", "quarterly", "w500", "outcome:denied"]
    found, before = {}, worked()
    for text in texts:

        def read(text: str = text) -> list[Any]:
            with budget(30):
                return queries.per_hour(user, Search.of(text))

        found[text or "everything"] = p95(laps(read))
    value = max(found.values())
    work = (worked() - before) / (len(texts) * 15)
    detail = f"{ {name: round(ms, 1) for name, ms in found.items()} }, processor {work:.1f} ms each"
    question = "capped count and chart, slowest p95"
    return world.figure(question, value, "ms", "< 300", value < 300, detail)


def deep(user: Any) -> bool:
    """The last full page against the first one."""
    ratios = {}
    for text in ("", "actor:user1", "verb:grant.open", "resource:project7"):
        events = queries.events(user, Search.of(text))
        oldest = list(events.order_by("timestamp", "id")[: SIZE * 2])[-1]
        bottom = events.filter(after(stream.ORDER, [oldest.timestamp, oldest.pk]))

        def read(rows: Any, edge: Any) -> None:
            with budget(30):
                assert len(fetch(rows, stream.ORDER, SIZE, edge)) == SIZE

        first, last = (
            sorted(laps(lambda rows=rows, edge=edge: read(rows, edge), 21))[10]  # type: ignore[misc]
            for rows, edge in ((events, None), (bottom, oldest.timestamp))
        )
        ratios[text or "everything"] = (round(last / first, 2), round(first, 2), round(last, 2))
    value = max(ratio for ratio, _, _ in ratios.values())
    question = "deepest page / first page, slowest of four searches"
    detail = f"ratio, first ms, deepest ms: {ratios}"
    return world.figure(question, value, "x", f"<= {DEPTH}", value <= DEPTH, detail)


def memory() -> bool:
    """Peaks of processes that each write one export."""
    many, few = min(1_000_000, ROWS // 2), min(100_000, ROWS // 20)
    found = {}
    for rows in (few, many):
        command = [sys.executable, "-m", "benchmarks.bench_trail", "export", str(rows)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[rows] = json.loads(done.stdout.splitlines()[-1])
    value = found[many]["mb"] / found[few]["mb"]
    question = f"peak memory of an OCSF export of {many} rows / of {few}"
    return world.figure(question, value, "x", f"<= {MEMORY}", value <= MEMORY, str(found))


def export(rows: int) -> int:
    dana = User.objects.get(username="dana")
    found = stream.of(dana, Search(), "ocsf", timezone.now())
    start = time.perf_counter()
    with Path(os.devnull).open("wb") as nowhere:
        for part in found:
            nowhere.write(part)
            if found.rows >= rows:
                break
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"mb": round(peak, 1), "rows_per_s": round(found.rows / took)}))
    return 0


if __name__ == "__main__":
    sys.exit(export(int(sys.argv[2])) if MEASURED else main())
