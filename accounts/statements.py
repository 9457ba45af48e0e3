"""Statements that the server prepares once a connection: the decision and its kin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

DECIDE = "select * from accounts_decide($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
DRIFT = "select * from accounts_drift()"
SETTLE = "select accounts_settle(array(select id from accounts_resource))"
RELIVE = "select count(accounts_relive(id)) from accounts_user"


@contextmanager
def raw() -> Iterator[psycopg.RawCursor[Any]]:
    """A cursor with server-side binding; Django's own would be planned anew each time."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.RawCursor(connection.connection) as cursor:
        yield cursor


def row(statement: str, *parameters: Any) -> Any:
    with raw() as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchone()


def rows(statement: str, *parameters: Any) -> list[Any]:
    with raw() as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchall()
