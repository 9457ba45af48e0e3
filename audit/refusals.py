"""Refusals stand: they outlive the rollback of what was refused; repeats fold into one event,
and so do looks that repeat with every key pressed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from redis import Redis, RedisError

from audit.context import origin
from audit.models import Event, insert

WINDOW = 60  # seconds in which the same refusal of the same person is counted, not repeated
SAME = (
    "reason",
    "permission",
    "asked_by",
    "subject",
    "resource",
    "values_of",
)  # what a repetition shares
COUNTED, FLUSHING = "refusals:counted", "refusals:flushing"
LOCK = 0x666F6C64  # "fold"

_pending: ContextVar[list[dict[str, Any]] | None] = ContextVar("pending", default=None)


def connect(url: str) -> Redis:
    """Impatient: a refusal does not wait for a counter. `from_url` retries nothing by itself."""
    return Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2)


_redis = connect(settings.REDIS_URL)


def keep(row: dict[str, Any]) -> None:
    """Write the event now, or when the transaction that somebody else opened has ended."""
    pending = _pending.get()
    if not in_foreign_transaction():
        write(row)
    elif pending is not None:
        pending.append(row)
    else:
        raise RuntimeError(f"{row['verb']} refused inside a transaction whose door keeps no events")


def in_foreign_transaction() -> bool:
    # A test case's own transaction never commits, so it does not count (private flag of Django).
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


@contextmanager
def keeper() -> Iterator[None]:
    """A door that keeps refusals until the outermost transaction has ended."""
    rows: list[dict[str, Any]] = []
    token = _pending.set(rows)
    try:
        yield
    finally:
        _pending.reset(token)
        for row in rows:
            write(row)


def write(row: dict[str, Any]) -> None:
    if row["outcome"] == Event.Outcome.DENIED and is_repeat(row):
        return
    with transaction.atomic():
        Event.objects.create(**row)


def keep_all(rows: list[dict[str, Any]]) -> None:
    """As `keep`, of what one call was told together: by one statement."""
    if in_foreign_transaction():
        for row in rows:
            keep(row)
    else:
        write_all([stamped(row) | {"request_id": origin().request_id} for row in rows])


def write_all(rows: list[dict[str, Any]]) -> None:
    """As `write`, for what was refused elsewhere and comes together."""
    refused = [row for row in rows if row["outcome"] == Event.Outcome.DENIED]
    folded = {id(row) for row, again in zip(refused, repeats(refused), strict=True) if again}
    with transaction.atomic():
        insert([Event(**row) for row in rows if id(row) not in folded])


def is_repeat(row: dict[str, Any]) -> bool:
    """Counted elsewhere already? Without Redis nothing folds: rather too many events than none."""
    return repeats([row])[0]


def repeats(rows: list[dict[str, Any]]) -> list[bool]:
    """Of each, whether it repeats one before, also one of these."""
    names = [fingerprint(row) for row in rows]
    try:
        with _redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.set(f"refusals:seen:{name}", 1, nx=True, ex=WINDOW)
            found = [not new for new in pipe.execute()]
        with _redis.pipeline() as pipe:
            for row, name, again in zip(rows, names, found, strict=True):
                if again:
                    pipe.hset(
                        COUNTED, f"{name}:row", json.dumps(folded(row), cls=DjangoJSONEncoder)
                    )
                    pipe.hincrby(COUNTED, f"{name}:count", 1)
            pipe.execute()
    except RedisError:
        return [False] * len(rows)
    return found


def fingerprint(row: dict[str, Any]) -> str:
    """What a repetition has in common with what it repeats."""
    row = stamped(row)
    about = [str(row["data"].get(name, "")) for name in SAME]
    what = (who(row), row["verb"], row["resource_path"], row.get("object_pk"), row["remote_addr"],
            row["key"], *about)  # fmt: skip
    return hashlib.sha256(repr(what).encode()).hexdigest()


def who(row: dict[str, Any]) -> str:
    return str(row["actor"].pk if row["actor"] else row["actor_repr"])


def folded(row: dict[str, Any]) -> dict[str, Any]:
    return stamped(row) | {"actor": None, "actor_id": who(row) if row["actor"] else None}


def stamped(row: dict[str, Any]) -> dict[str, Any]:
    """With where it came from: a repetition is written later, by somebody else's call."""
    call = origin()
    given = {"door": call.door, "remote_addr": call.address, "agent": call.agent, "key": call.key}
    return given | {name: value for name, value in row.items() if value or name not in given}


def flush() -> int:
    """Write each counted repetition as one later event; a crash in between repeats, never loses."""
    with alone() as mine:
        return write_counted() if mine else 0


@contextmanager
def alone() -> Iterator[bool]:
    """The session's lock: what is committed has to leave Redis too before another one looks."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
        mine: bool = cursor.fetchone()[0]
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("select pg_advisory_unlock(%s)", [LOCK])


def write_counted() -> int:
    if not _redis.exists(FLUSHING):
        if not _redis.exists(COUNTED):
            return 0
        _redis.rename(COUNTED, FLUSHING)
    counted: Any = _redis.hgetall(FLUSHING)
    fields = {key.decode(): value for key, value in counted.items()}
    names = [key.removesuffix(":row") for key in fields if key.endswith(":row")]
    with transaction.atomic():
        for name in names:
            row = json.loads(fields[f"{name}:row"])
            row.pop("actor")
            row["data"]["count"] = int(fields[f"{name}:count"])
            Event.objects.create(**row)
    _redis.delete(FLUSHING)
    return len(names)
