"""Makes the events, before their indexes: the same indexes in less time."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.cast import assemble

SQL = (Path(__file__).parent / "rows.sql").read_text()
PART = 250_000  # rows an insert


def build(rows: int) -> None:
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
        for first in range(1, rows + 1, PART):
            last = min(first + PART - 1, rows)
            owner.execute(SQL.format(first=first, last=last, total=rows))
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
