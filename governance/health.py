"""What an operator wants to know of an installation: each check answers with what to do."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from redis import Redis

from accounts.point.state import state
from accounts.queries import compared
from audit import trail
from audit.seal import anchors
from audit.seal.status import AHEAD, UNVERIFIED, status
from audit.sinks import outbox, targets
from gateway.spool import oldest, size
from governance.secrets import SECRET_NAMES
from registry import storage
from registry.models import Blob

BEAT_SILENT = 600  # seconds; beat writes its schedule every three minutes
SINK_LATE = 300  # seconds
SAMPLE = 50  # blobs
SPOOL_LATE = 30  # seconds
ROLES = """
select session_user, rolsuper,
       pg_has_role(session_user, relowner, 'member'),
       has_schema_privilege(session_user, 'public', 'create'),
       has_table_privilege(session_user, pg_class.oid, 'update, delete, truncate')
  from pg_class, pg_roles
 where pg_class.oid = 'audit_event'::regclass and rolname = session_user
"""


@dataclass(frozen=True)
class Answer:
    status: str  # OK, WARN or FAIL
    found: str
    fix: str = ""


def ok(found: str) -> Answer:
    return Answer("OK", found)


def warn(found: str, fix: str) -> Answer:
    return Answer("WARN", found, fix)


def fail(found: str, fix: str) -> Answer:
    return Answer("FAIL", found, fix)


def database() -> Answer:
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        version = str(cursor.fetchone()[0])
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        return fail(f"{len(waiting)} migrations wait", "./manage.py migrate --database owner")
    if int(version.partition(".")[0]) < 18:
        return fail(f"PostgreSQL {version}", "Use PostgreSQL 18: event ids need its uuidv7().")
    return ok(f"PostgreSQL {version}, migrated")


def roles() -> Answer:
    """In force means: the role that serves people could not change the trail if it tried."""
    with connection.cursor() as cursor:
        cursor.execute(ROLES)
        name, *powers = cursor.fetchone()
    if any(powers):
        return fail(
            f"{name} may do more than the application",
            "DATABASE_URL names gatehouse_app; run governance/database.sql as superuser.",
        )
    return ok(f"{name} may add to the trail, no more")


def partitions() -> Answer:
    if status().partitions:
        return ok(f"made for the next {AHEAD} days")
    fix = "Start beat and a worker: they make the coming months' partitions every night."
    return fail(f"one of the next {AHEAD} days has none", fix)


def sealing() -> Answer:
    """An event that nobody sealed can still be changed unseen."""
    found = status()
    if found.sealed:
        return ok("every event older than a minute has its leaf")
    fix = "Look at the log of the sealer: ./manage.py seal says what keeps it from sealing."
    return fail(f"an event waits for {int(found.waiting.total_seconds())} s", fix)


def anchored() -> Answer:
    """Without a copy elsewhere, whoever owns the database cuts the trail's tail unseen."""
    found = status()
    if missing := found.unreached:
        fix = "A cut tail is unseen until it is reached: the sealer's log says why."
        whom = ", ".join(anchors.described(target) for target in missing)
        return fail(f"no checkpoint has reached {whom} lately", fix)
    if settings.PRODUCTION and not settings.SEAL_ANCHORS:
        fix = "SEAL_ANCHORS=syslog+tcp://HOST:601, https://HOST/... or s3://BUCKET, elsewhere."
        return warn("checkpoints are kept on this machine only", fix)
    return ok(f"{', '.join(map(anchors.shown, found.anchored))} took a checkpoint lately")


def verified() -> Answer:
    found = status()
    fix = "./manage.py verify_trail --as …; beat and a worker do it every night."
    if found.problems:
        return fail(f"the last verification found {found.problems} problems", fix)
    if found.verified is None:
        return warn("the whole trail was never verified", fix)
    hours = int(found.verified.total_seconds() // 3600)
    return ok(f"{hours} h ago") if found.verified < UNVERIFIED else warn(f"{hours} h ago", fix)


def redis() -> Answer:
    with Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
        client.ping()
    return ok("answers")


def decisions() -> Answer:
    """Right either way; out of memory they are faster."""
    found = state()
    if not found.is_on:
        return ok("come from the database: DECISION_POINT is off")
    if found.trouble:
        advice = "Make room where DECISION_STAMPS lies."
        return warn(f"come from the database: {found.trouble}", advice)
    if found.age is None or not found.is_heard:
        return warn("come from the database: no listener is heard", "./manage.py listen")
    return ok(
        f"come out of memory, heard {found.age * 1000:.0f} ms ago; processes tell every 64 reads,"
        f" by the last of which: {found.questions} questions, {found.reads} reads,"
        f" {found.entries} entries"
    )


def rows() -> Answer:
    """Derived from grants, roles and resources, and all that a decision reads."""
    if (found := compared.last()) is None:
        return warn("not compared lately", "Start beat and a worker: they compare every night.")
    drifted, hours = found
    if drifted:
        fix = "./manage.py reconcile --check --as …, find out why, then reconcile without --check."
        return fail(f"{drifted} say something else than what they derive from", fix)
    return ok(f"say what they derive from, compared {hours:.0f} h ago")


def worker() -> Answer:
    found = current_app.control.ping(timeout=2)
    if not found:
        return fail("no worker answers", "Start one: mail, expiry and partitions wait for it.")
    return ok(", ".join(name for answer in found for name in answer))


def beat() -> Answer:
    written = [place.stat().st_mtime for place in settings.DATA_DIR.glob("celerybeat-schedule*")]
    if not written:
        return warn("keeps no schedule on this machine", "Look at the log of beat where it runs.")
    age = int(time.time() - max(written))
    if age > BEAT_SILENT:
        return warn(f"silent for {age} s", "Start beat: nothing happens by the clock without it.")
    return ok(f"wrote its schedule {age} s ago")


def mail() -> Answer:
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        kind = settings.EMAIL_BACKEND.split(".")[-2]
        if not settings.PRODUCTION:
            return ok(f"goes to the {kind}")
        return warn(f"goes to the {kind}", "EMAIL_URL=smtp+tls://USER:PASSWORD@HOST:587")
    with get_connection(timeout=5):
        return ok(f"{settings.EMAIL_HOST} takes mail")


def secrets() -> Answer:
    """Files that others can read (embedded) or change (container secrets are read by an id)."""
    given = [Path(os.environ[n]) for name in SECRET_NAMES if (n := f"{name}_FILE") in os.environ]
    own = settings.DATA_DIR / "secrets.json"
    places = given if settings.PRODUCTION else [own]
    forbidden = stat.S_IWGRP | stat.S_IWOTH if settings.PRODUCTION else 0o077
    open_ones = [str(place) for place in places if place.stat().st_mode & forbidden]
    if open_ones:
        return fail(f"others reach {', '.join(open_ones)}", "chmod 600, and consider new secrets.")
    return ok(f"{len(places)} files" if places else "in the environment")


def blobs() -> Answer:
    """The newest: there, and whole as far as their size tells."""
    root = Path(settings.BLOB_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    if not os.access(root, os.W_OK):
        return fail(f"{root} is not writable", "Give it to the account of the web process.")
    newest = Blob.objects.order_by("-created_at")[:SAMPLE]
    broken = [blob.sha256 for blob in newest if not is_whole(blob)]
    if broken:
        return fail(f"{len(broken)} missing or cut, first {broken[0]}", "Restore DATA_DIR/blobs.")
    return ok(f"{len(newest)} newest are readable")


def is_whole(blob: Blob) -> bool:
    if not storage.exists(blob.sha256):
        return False
    with storage.open_blob(blob.sha256) as file:
        return file.seek(0, os.SEEK_END) == blob.size


def last_day() -> Answer:
    found = trail.findings(since=timezone.now() - timedelta(days=1), most=1)
    if found:
        return fail(str(found[0]), "./manage.py verify_trail --as …, and keep this database.")
    return ok("the last 24 hours hold together")


def sinks() -> Answer:
    """Copies of the trail: who is behind, since when, and what they answered."""
    lags = [outbox.lag(one.name) for one in targets.configured()]
    if not lags:
        return warn("none", "TRAIL_SINKS sends the trail to another system: docs/exports.md.")
    late = [one for one in lags if one.seconds > SINK_LATE]
    for one in late:
        behind = f"{one.name}: {one.pending} events behind since {one.seconds:.0f} s"
        return fail(
            f"{behind} ({one.error or 'not tried yet'})", "Look at that system, and at beat."
        )
    return ok(", ".join(f"{one.name} is {one.seconds:.0f} s behind" for one in lags))


def spool() -> Answer:
    """Answers of gateways that are on the disk and not in the tables yet."""
    since = oldest(settings.SPOOL_ROOT)
    waiting = f"{size(settings.SPOOL_ROOT)} bytes wait"
    if list((settings.SPOOL_ROOT / "bad").glob("*")):
        return fail("unreadable notes lie in spool/bad", "Look at them: they are answers told.")
    if since is not None and time.time() - since > SPOOL_LATE:
        return warn(
            f"{waiting} since {time.time() - since:.0f} s", "Is the worker of this host up?"
        )
    return ok(waiting)


CHECKS: dict[str, Callable[[], Answer]] = {
    "database": database,
    "roles": roles,
    "partitions": partitions,
    "redis": redis,
    "decisions": decisions,
    "rows": rows,
    "spool": spool,
    "worker": worker,
    "beat": beat,
    "mail": mail,
    "secrets": secrets,
    "blobs": blobs,
    "trail": last_day,
    "sealing": sealing,
    "anchors": anchored,
    "verified": verified,
    "sinks": sinks,
}


def answers() -> Iterator[tuple[str, Answer]]:
    """One that cannot even be asked has failed, and the others are asked all the same."""
    for name, check in CHECKS.items():
        try:
            yield name, check()
        except Exception as error:
            words = (str(error).splitlines() or [type(error).__name__])[0]
            yield name, fail(words, f"Look at {name}: it could not be asked.")
