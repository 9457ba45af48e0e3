"""A large installation, drawn by the database itself, and what of it the figures ask about."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import psycopg

SQL = (Path(__file__).parent / "crowd.sql").read_text()
LOADED = ("accounts_grant", "accounts_userpermission", "accounts_grouppermission")


class Crowd(NamedTuple):
    grants: int
    people: int
    datasets: int
    seconds: float
    megabytes: float


def draw(size: int) -> Crowd:
    """Indexes are made after the rows: twice as fast."""
    start = time.monotonic()
    with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], autocommit=True) as server:
        server.execute("set maintenance_work_mem = '512MB'; set work_mem = '128MB'")
        indexes = server.execute(
            "select indexname, indexdef from pg_indexes left join pg_constraint on"
            " conname = indexname where tablename = any(%s) and conname is null",
            [list(LOADED)],
        ).fetchall()
        for name, _ in indexes:
            server.execute(f'drop index "{name}"')
        psycopg.ClientCursor(server).execute(SQL, {"size": size})
        for _, definition in indexes:
            server.execute(definition)
        for table in (*LOADED, "accounts_standing", "accounts_resource", "accounts_user",
                      "accounts_membership", "accounts_spell"):  # fmt: skip
            server.execute(f"vacuum analyze {table}")
        server.execute("vacuum analyze")  # nothing is left to do in the background meanwhile
        server.execute("checkpoint")
        disk = value(server, "select pg_database_size(current_database())") / 1024**2
        grants = value(server, "select count(*) from accounts_grant")
        people = value(server, "select count(*) from accounts_user")
        datasets = value(server, "select count(*) from accounts_resource where id > 2000000")
    return Crowd(grants, people, datasets, time.monotonic() - start, disk)


def value(server: psycopg.Connection[Any], query: Any) -> Any:
    row = server.execute(query).fetchone()
    assert row is not None
    return row[0]


class Questions:
    """Half of them allowed: an access that is there, and one drawn blindly."""

    def __init__(self, server: psycopg.Connection[Any], people: int, datasets: int) -> None:
        self.chance = Random(1)
        self.people, self.datasets = people, datasets
        self.real = server.execute(
            "select replace(u.username, 'user', '')::int, a.codename, p.content_object_id"
            " from accounts_userpermission p tablesample system (2)"
            " join accounts_user u on u.id = p.user_id"
            " join auth_permission a on a.id = p.permission_id"
            " where u.username like 'user%' and p.content_object_id > 2000000 limit 20000"
        ).fetchall()

    def draw(self, number: int, subjects: int | None = None) -> list[tuple[int, str, int]]:
        """Number of the person, permission, resource; of so many people at most."""
        few = set(range(1, (subjects or self.people) + 1))
        real = [row for row in self.real if row[0] in few]
        found = []
        for n in range(number):
            if n % 2 and real:
                found.append(self.chance.choice(real))
                continue
            person = self.chance.randint(1, subjects or self.people - 10)
            place = 2_000_000 + self.chance.randint(1, self.datasets)
            found.append((person, self.chance.choice(["discover", "read", "download"]), place))
        return found
