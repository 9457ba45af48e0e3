"""Months that are old enough leave the database: archived, signed for, then dropped."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from django.db import connection

from audit.seal import keys, notes
from audit.seal.erased import LEAVING, lawful
from audit.seal.proofs import LEAF, disclosed
from audit.seal.retired import FLOOR, Retirement, as_row, folder, line

MONTHS = r"""
select relname, to_date(substr(relname, 13), 'YYYY_MM')
  from pg_inherits join pg_class on pg_class.oid = inhrelid
 where inhparent = 'audit_event'::regclass and relname ~ '^audit_event_\d{4}_\d{2}$'
   and to_date(substr(relname, 13), 'YYYY_MM') + interval '1 month'
       <= date_trunc('month', now()) - make_interval(months => %s)
 order by 1
"""
HELD = """
select h.id from audit_holds() h where h.path = '/' or exists (
  select from audit_event e where e."timestamp" >= %(first)s and e."timestamp" < %(end)s
     and (starts_with(e.resource_path, h.path) or e.resource_id = any(h.resources))) limit 1
"""
UNSEALED = """
select count(*) from audit_event e where e."timestamp" >= %(first)s and e."timestamp" < %(end)s
   and not exists (select from audit_leaf l where (l.event_id, l.at) = (e.id, e."timestamp"))
"""
EVENTS = LEAF.replace("\n  from audit_leaf", ", l.hash\n  from audit_leaf").replace(
    "where l.uid = %s",
    'where e."timestamp" >= %(first)s and e."timestamp" < %(end)s order by l.seq',
)
ADD = """
insert into audit_retirement
  (partition, first_day, end_day, events, sha256, archive, erasures, leaves, size, note)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
SIZE = "select coalesce(max(size), 0) from audit_checkpoint"


class Kept(RuntimeError):
    """Why a month may not go yet."""


def due(months: int) -> list[tuple[str, date]]:
    """Partitions whose last day is older than that many whole months."""
    if months < FLOOR:
        raise Kept(f"TRAIL_KEEP_MONTHS={months}: the trail is kept for {FLOOR} months at least.")
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [months])
        return list(cursor.fetchall())


def next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def retire(partition: str, first: date) -> Retirement:
    """Inside an act: the record and the drop stand or fall together."""
    key = keys.signer()
    span = {"first": first, "end": next_month(first)}
    require_free(partition, span)
    place, number, digest, leaves = archive(partition, span)
    erasures = "".join(f"{act} {parts}\n" for act, parts in lawful(LEAVING, **span))
    with connection.cursor() as cursor:
        cursor.execute(SIZE)
        size = cursor.fetchone()[0]
    about = partition, first, span["end"], number, digest
    record = Retirement(*about, place.name, erasures, leaves, size)
    name = keys.mine(key).name
    row = as_row(record, notes.sign(record.text(name), name, key))
    with connection.cursor() as cursor:
        cursor.execute(ADD, row)
        cursor.execute("select audit_retire(%s)", [partition])
    return record


def require_free(partition: str, span: dict[str, date]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(HELD, span)
        if held := cursor.fetchone():
            raise Kept(f"{partition}: hold {held[0]} is open.")
        cursor.execute(UNSEALED, span)
        if count := cursor.fetchone()[0]:
            raise Kept(f"{partition}: {count} events are not sealed yet.")


def archive(partition: str, span: dict[str, date]) -> tuple[Path, int, str, str]:
    """One line an event, with all that its leaf was made of: checkable without the database."""
    place = folder() / f"{partition}.jsonl"
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=place.parent, prefix=f"{partition}-")
    number, digest, leaves = 0, sha256(), sha256()
    with os.fdopen(handle, "wb") as file:
        for *row, leaf in events(span):
            text = orjson.dumps(disclosed(row)) + b"\n"
            file.write(text)
            digest.update(text)
            leaves.update(line(row[0], leaf))
            number += 1
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(place)
    return place, number, digest.hexdigest(), leaves.hexdigest()


def events(span: dict[str, date]) -> Iterator[Any]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(EVENTS, span)
        while rows := cursor.fetchmany(2000):
            yield from rows
