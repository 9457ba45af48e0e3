"""A sealed trail to attack: some events, sealed in uneven batches, anchored on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, connections

from accounts.actions import people
from audit.seal import anchors, keys, rounds, sealer
from audit.seal.verify import Report, verify
from tests.cast import Cast
from tests.conftest import superuser

TABLES = ("audit_event", "audit_leaf", "audit_tile", "audit_checkpoint", "audit_anchor")


def seal_all(most: int = 20) -> int:
    """In several batches, so that there are checkpoints to lie between."""
    while sealer.seal(most):
        anchors.publish()
    return rounds.once()


def act(cast: Cast, number: int) -> None:
    for step in range(number):
        people.set_name(cast.bob, name=f"Bob \U0001f600 {step}", by=cast.bob)


def seal_some(cast: Cast) -> Cast:
    act(cast, 4)
    seal_all()
    assert told() == ""
    return cast


def check(*, anchored: bool = True) -> Report:
    notes = anchors.read(anchors.anchors_file()) + anchors.read(anchors.last_file())
    return verify(keys.trusted(), notes if anchored else [])


def told(*, anchored: bool = True) -> str:
    """The first problem, as an auditor reads it; nothing if there is none."""
    found = check(anchored=anchored).problems
    return str(found[0]) if found else ""


def environment() -> dict[str, str]:
    """For a program of its own on the database and the seal of this test."""
    name = str(connection.settings_dict["NAME"])
    return os.environ | {
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/gatehouse?", f"/{name}?"),
        "DATA_DIR": str(Path(settings.SEAL_ROOT).parent),
    }


@contextmanager
def as_superuser() -> Iterator[psycopg.Connection[Any]]:
    """Who owns the machine: no trigger fires for them."""
    connections.close_all()
    with superuser(str(connection.settings_dict["NAME"])) as server:
        parts = server.execute(
            "select inhrelid::regclass::text from pg_inherits"
            " where inhparent = 'audit_event'::regclass"
        )
        for table in (*TABLES, *(name for (name,) in parts.fetchall())):
            server.execute(f"alter table {table} disable trigger all")
        yield server
