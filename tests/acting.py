"""What the attacks need: an action that does whatever it is handed, and proof of no write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from accounts.decision import check, site
from accounts.models import Resource, User
from accounts.permissions import Permission
from audit.acts import action
from audit.context import UNGOVERNED


@action("test.do")
def do(work: Callable[[], Any], *, on: Resource | None = None, by: User) -> Any:
    """The inside of the gate: `work` with a decision about `on`, by default the whole site."""
    check(by, Permission.DISCOVER, on or site())
    return work()


@action("test.forget")
def forget(work: Callable[[], Any], *, by: User) -> Any:
    """An action that asks nobody."""
    return work()


def rename(user: User, name: str, *, by: User) -> None:
    """Past the rules for names."""
    user.username = name
    do(lambda: user.save(update_fields=["username"]), by=by)


def nothing_written() -> bool:
    """PostgreSQL gives a transaction its number with its first write."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id_if_assigned()")
        return cursor.fetchone()[0] is None


def rows(sql: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]


def tables() -> list[str]:
    """Every table but the trail's partitions, which the trail's own triggers keep."""
    return rows(
        "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
        " and relnamespace = 'public'::regnamespace order by 1"
    )


def governed_tables() -> list[str]:
    return [name for name in tables() if name not in UNGOVERNED]


def columns() -> list[tuple[str, str]]:
    """Everything that could hold a text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'public' and data_type not in"
            " ('integer', 'bigint', 'smallint', 'boolean', 'uuid', 'inet')"
            " and data_type not like 'timestamp%%'"
        )
        return list(cursor.fetchall())


def holding(secret: str) -> list[str]:
    """The columns in which this text stands, as text or as bytes."""
    found = []
    with connection.cursor() as cursor:
        for table, column in columns():
            cursor.execute(
                f'select count(*) from "{table}" where position(%s in "{column}"::text) > 0'
                f' or position(%s in "{column}"::text) > 0',
                [secret, secret.encode().hex()],
            )
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found
