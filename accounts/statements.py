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

# What the decision point remembers (accounts/point).
SUBJECT = """
select s.*, b.* from accounts_subject($1, $4) s,
  accounts_bundle($1, null, $2::integer[], $3::integer, $4) b
"""
GROUP = "select * from accounts_bundle(null, $1::integer, $2::integer[], $3::integer, $4)"
PLACE = """
select ancestors, blocked, hidden, barred, agreements, classification = 'restricted', number
from accounts_standing where resource_id = $1::bigint and closed_at is null
"""
KEY = """
select owner_id, kind, revoked_at is not null, accounts_micros(expires_at), scopes, within_id
from accounts_apikey where id = $1
"""
BY_KID = """
select key_id, digest, pepper_id, accounts_micros(not_after)
from accounts_apikeysecret where kid = $1
"""
WHO_CAN = "select * from accounts_who_can($1, $2, $3, $4, $5, $6::bigint, $7, $8::integer, $9)"
WHAT_CAN = """
select * from accounts_what_can($1, $2, $3, $4, $5, $6, $7::text[], $8::bigint, $9::int, $10, $11)
"""
ACTIONS_OF = """
select * from accounts_actions_of(
  $1, $2::bigint, $3::integer[], $4::text[], $5::boolean[], $6::boolean[], $7, $8, $9)
"""
ADDRESS = "select id, kind, uid, path from accounts_resource where path = $1"
UID = "select id, kind, uid, path from accounts_resource where uid = $1"
NAME = "select id, kind from accounts_user where username = $1"


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


def binary(statement: str, *parameters: Any) -> Any:
    """Long arrays arrive as they are stored, not as text."""
    with raw() as cursor:
        return cursor.execute(statement, parameters, prepare=True, binary=True).fetchone()


def rows(statement: str, *parameters: Any) -> list[Any]:
    with raw() as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchall()
