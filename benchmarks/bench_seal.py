"""What the trail's proof costs: writers, requests, the sealer, verifying, proofs.

Ratios of one run, variants in turn. The bare database is a copy without the gate's triggers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import lanes, world
from benchmarks.lanes import Lane, Step

BARE = "gatehouse_bench_bare"
CLIENTS = 8
EVENTS = 300_000
COPIES = """
insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, content_type_id, object_pk, object_repr, action, changes, resource_id,
  resource_path, decision, purpose, request_id, door, remote_addr, agent, message, data)
select kind, event_class, act, verb, outcome, actor_id, actor_repr, on_behalf_of, key,
  content_type_id, object_pk, object_repr, action, changes, resource_id, resource_path, decision,
  purpose, request_id, door, '192.0.2.7', 'Mozilla/5.0', message, data
  from (select * from audit_event where kind <> 'out_of_band' order by id limit 100) e,
       generate_series(1, %s)
"""


def name_step(mode: str, together: int, user: int = 0, think: float = 0, name: str = "") -> Step:
    """Renames: as an action, as stock auditlog does it, or as Django alone does it."""
    django_in(name or (world.NAME if mode in ("act", "chain") else BARE))
    from django.db import transaction

    from accounts.decision import check, site
    from accounts.models import User
    from accounts.permissions import Permission
    from audit.acts import action
    from audit.context import Act, opened

    record_as(mode)
    erin = User.objects.get(username="erin")
    people = list(User.objects.filter(username__startswith=f"bench{user:02}")[:together])

    def rename(number: int) -> None:
        for person in people:
            person.name = f"Bench {number}"
            person.save()
        if think:
            time.sleep(think)

    @action("bench.rename")
    def act(number: int, *, by: User) -> None:
        check(by, Permission.MANAGE_PEOPLE, site())
        rename(number)

    def audited(number: int) -> None:
        act(number, by=erin)

    def unaudited(number: int) -> None:
        with opened(Act("bench", "management", erin)), transaction.atomic():
            rename(number)

    return audited if mode in ("act", "chain") else unaudited


def record_as(mode: str) -> None:
    from auditlog import receivers
    from auditlog.models import LogEntry
    from auditlog.registry import auditlog

    from accounts.models import User

    if mode in ("plain", "stock"):
        auditlog.unregister(User)
    if mode == "stock":
        LogEntry._meta.swapped = None  # in this process it is used
        receivers.get_logentry_model = lambda: LogEntry
        fields = [f.name for f in User._meta.concrete_fields if f.name != "password"]
        auditlog.register(User, include_fields=fields)
    if mode == "chain":
        chain()


def chain() -> None:
    """The other design: each event is hashed onto the last one, in its own transaction."""
    from hashlib import sha256

    from django.db import connection

    from audit.models import Event

    save = Event.save

    def chained(event: Any, *args: Any, **kwargs: Any) -> None:
        save(event, *args, **kwargs)
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(77)")
            cursor.execute("select hash from bench_chain order by id desc limit 1")
            last = cursor.fetchone()[0]
            found = sha256(last + str(event).encode()).digest()
            cursor.execute("insert into bench_chain (hash) values (%s)", [found])

    Event.save = chained  # type: ignore[method-assign, assignment]


def request_step(mode: str, uid: str, secret: str) -> Step:
    """PATCH of a project over REST, through every middleware; or the same that records nothing."""
    django_in(world.NAME if mode == "audited" else BARE)
    from auditlog.registry import auditlog
    from django.test import Client

    from audit.models import Event

    if mode != "audited":
        for model in list(auditlog.get_models()):
            auditlog.unregister(model)
        Event.save = lambda self, *args, **kwargs: None  # type: ignore[method-assign]
    client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {secret}"})

    def step(number: int) -> None:
        body = {"name": f"Oncology {number} {mode}"}
        answer = client.patch(f"/api/v1/projects/{uid}", body, content_type="application/json")
        assert answer.status_code == 200, answer.content

    return step


def django_in(name: str) -> None:
    world.point_at(name)
    import django

    django.setup()


def build() -> tuple[str, str]:
    """The cast and people to rename; a copy without triggers; who and with what to ask REST."""
    from datetime import timedelta

    from django.db import connections
    from django.utils import timezone

    from accounts.actions import keys, people
    from tests.cast import assemble

    cast = assemble()
    for user in range(CLIENTS):
        for step in range(20):
            name = f"bench{user:02}-{step:02}"
            people.invite(username=name, email=f"{name}@example.org", by=cast.erin)
    until = timezone.now() + timedelta(days=1)
    scopes = ["discover", "read", "edit"]
    issued = keys.issue(cast.alice, name="b", scopes=scopes, expires_at=until, by=cast.alice)
    connections.close_all()
    with superuser("postgres") as server:
        server.execute(f'drop database if exists "{BARE}" with (force)')
        server.execute(f'create database "{BARE}" template "{world.NAME}"')
    with superuser(BARE) as bare:
        drop = bare.execute(
            "select format('drop trigger %I on %s', tgname, tgrelid::regclass) from pg_trigger"
            " where tgname in ('gate', 'out_of_band', 'settle')"
        )
        for (sql,) in drop.fetchall():
            bare.execute(sql)
    with superuser(world.NAME) as full:
        full.execute("create table bench_chain (id bigserial primary key, hash bytea)")
        full.execute("insert into bench_chain (hash) values ('')")
        full.execute("grant all on bench_chain, bench_chain_id_seq to gatehouse_app")
    return str(cast.oncology.uid), issued.secret


def superuser(name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], dbname=name, autocommit=True)


def writers(uid: str, secret: str) -> Iterator[bool]:
    step = partial(Lane, name_step)
    found = {
        "act20": step("act", 20),
        "stock20": step("stock", 20),
        "plain20": step("plain", 20),
        "act": step("act", 1),
        "stock": step("stock", 1),
        "plain": step("plain", 1),
    }
    ms = {name: 1e3 * value for name, value in lanes.latency(found).items()}
    end(found)
    yield told("audited update / stock auditlog update", ms["act20"] / ms["stock20"], 1.15,
               f"20 in one transaction, per transaction: {shown(ms)}")  # fmt: skip
    yield told("a whole action / one stock auditlog update", ms["act"] / ms["stock"], None,
               "the action also decides, and leaves an event of its own")  # fmt: skip
    found = {mode: Lane(request_step, mode, uid, secret) for mode in ("audited", "unaudited")}
    ms = {name: 1e3 * value for name, value in lanes.latency(found).items()}
    end(found)
    yield told("audited request / unaudited request", ms["audited"] / ms["unaudited"], 1.35,
               f"PATCH over REST, every middleware: {shown(ms)}")  # fmt: skip
    found = {"guarded": step("act", 1), "bare": step("act", 1, 0, 0, BARE)}
    ms = {name: 1e3 * value for name, value in lanes.latency(found, 60).items()}
    end(found)
    yield told("guarded tables / no triggers", ms["guarded"] / ms["bare"], 1.02,
               f"one action: {shown(ms)}")  # fmt: skip


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


def rates() -> Iterator[bool]:
    tight = [Lane(name_step, "act", 1, user) for user in range(CLIENTS)]
    quiet, busy = [], []
    for _ in range(4):
        quiet.append(lanes.throughput({"quiet": tight}, 2)["quiet"])
        with sealing():
            busy.append(lanes.throughput({"busy": tight}, 2)["busy"])
    ratio = sum(busy) / sum(quiet)
    end(dict(enumerate(tight)))
    detail = f"{sum(quiet) / 4:.0f} and {sum(busy) / 4:.0f} actions/s, {CLIENTS} clients"
    yield told("actions a second with sealer / without", ratio, 0.95, detail, least=True)
    groups = {
        mode: [Lane(name_step, mode, 1, user, 0.01) for user in range(CLIENTS)]
        for mode in ("act", "chain")
    }
    with sealing():
        found = lanes.throughput(groups, 5)
    for group in groups.values():
        end(dict(enumerate(group)))
    detail = f"{found['act']:.0f} and {found['chain']:.0f} actions/s, 10 ms inside each"
    yield told("sealing afterwards / chain inside", found["act"] / found["chain"], 5, detail, True)


def verifying() -> Iterator[bool]:
    from django.db import connections

    from audit.seal import rounds

    with superuser(world.NAME) as full:
        full.execute(COPIES, [EVENTS // 100])
        full.execute("vacuum analyze audit_event")
    start = time.perf_counter()
    sealed = rounds.once()
    spent = time.perf_counter() - start
    told("events sealed a second, in one backlog", sealed / spent, None, f"{sealed} events")
    with superuser(world.NAME) as full:
        full.execute("vacuum analyze audit_leaf")
    connections.close_all()
    command = [sys.executable, "-m", "benchmarks.bench_seal", "verify"]
    done = subprocess.run(command, cwd=world.ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    rate = found["events"] / found["cpu"]
    detail = f"{found['events']} events in {found['wall']:.1f} s, {found['problems']} problems"
    detail += f"; {found['events'] / found['wall']:.0f}/s with the database on the same cores"
    yield told("events verified a second and core", rate, 100_000, detail, least=True)
    detail = f"{found['before']:.0f} MB of them are Django and its apps, before it began"
    yield told("memory of a full verification, MB", found["rss"], 80, detail)


def verify() -> None:
    """In a process of its own: its memory and its time are the verification's."""
    django_in(world.NAME)
    from audit.seal import anchors, keys
    from audit.seal import verify as walk

    before = peak()
    cpu, wall = time.process_time(), time.perf_counter()
    report = walk.verify(keys.trusted(), anchors.read(anchors.last_file()))
    row = {
        "events": report.size,
        "problems": len(report.problems),
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "rss": peak(),
        "before": before,
    }
    print(json.dumps(row))


def peak() -> float:
    """MB; what `getrusage` says begins with the peak of whoever started us."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def proving() -> Iterator[bool]:
    from audit.seal import keys, proofs
    from audit.seal.verify import one

    program: dict[str, Any] = {"__name__": "program"}
    exec((world.ROOT / "static" / "verify_bundle.py").read_text(), program)
    known, size = keys.trusted_file().read_text(), one("select count(*) from audit_leaf")[0]
    uids = [
        one("select uid from audit_leaf where seq = %s", seq)[0]
        for seq in range(0, size, size // 100)
    ]
    made, checked, sizes = [], [], []
    for uid in uids:
        start = time.perf_counter()
        proof = json.dumps(proofs.prove(uid), ensure_ascii=False)
        middle = time.perf_counter()
        program["check"](json.loads(proof), known)
        made.append(middle - start)
        checked.append(time.perf_counter() - middle)
        sizes.append(len(proof.encode()))
    middle = len(uids) // 2
    detail = f"median of {len(uids)} among {size} leaves"
    yield told("a proof made, ms", 1e3 * sorted(made)[middle], 50, detail)
    yield told("a proof checked, ms", 1e3 * sorted(checked)[middle], 1, detail)
    yield told("a proof's size, bytes", sorted(sizes)[middle], 3072, f"largest {max(sizes)}")


def told(
    question: str, value: float, target: float | None, detail: str, least: bool = False
) -> bool:
    ok = target is None or (value >= target if least else value <= target)
    sign = ">=" if least else "<="
    return world.figure(question, value, "", f"{sign} {target}" if target else "told", ok, detail)


def shown(ms: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f} ms" for name, value in ms.items())


def end(found: dict[Any, Lane]) -> None:
    for lane in found.values():
        lane.end()


def main() -> int:
    os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"]) / "bench")
    world.prepare()
    django_in(world.NAME)
    asked = build()
    world.machine()
    met = [*writers(*asked), *rates(), *verifying(), *proving()]
    return 0 if all(met) else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["verify"]:
        verify()
    else:
        sys.exit(main())
