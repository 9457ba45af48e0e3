"""Statements that the server prepares once a connection: the decision and its kin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg import RawCursor

DECIDE = "select * from accounts_decide($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
DRIFT = "select * from accounts_drift()"
SETTLE = "select accounts_settle(array(select id from accounts_resource))"
RELIVE = "select count(accounts_relive(id)) from accounts_user"
HOLD = "select from accounts_role where id = $1 for share"
ABOVE = "select from accounts_resource where id = any($1::bigint[]) order by id for share"

# What the decision point remembers (accounts/point).
HELD = """
with given as materialized (
  select id, role_id, resource_id, effect, purpose, opened_at, starts_at, expires_at,
    first_version, last_version
  from accounts_grant where {subject}_id = $1 and closed_at is null limit $3::integer
)
select {more} h.*, n.*
from {sources} (
  select array_agg(l.node), array_agg(l.mask),
    array_agg(case when l.starts_at > $4 then accounts_micros(l.starts_at) else 0 end),
    array_agg(accounts_micros(l.expires_at)), array_agg(accounts_micros(g.opened_at)),
    array_agg(g.id), array_agg(r.slug::text), array_agg(g.purpose::text)
  from (
    select p.content_object_id as node, p.grant_id, p.starts_at, p.expires_at,
      bit_or(1::bigint << (array_position($2::integer[], p.permission_id) - 1)) as mask
    from accounts_{subject}permission p
    where p.{subject}_id = $1 and (p.expires_at is null or p.expires_at > $4)
    group by p.grant_id, p.content_object_id, p.starts_at, p.expires_at limit $3
  ) l join given g on g.id = l.grant_id join accounts_role r on r.id = g.role_id
) h, (
  -- Denies; and grants that may give nothing where they were given: why, is looked up then.
  select json_agg(json_build_array(g.effect, g.resource_id, accounts_role_mask(g.role_id, $2),
    accounts_micros(g.starts_at), accounts_micros(g.expires_at), g.first_version, g.last_version))
    filter (where g.effect = 'deny' or g.expires_at <= $4 or g.starts_at > $4
      or g.first_version is not null or exists (
        select 1 from accounts_suspension s where s.grant_id = g.id and s.closed_at is null)),
    count(*)
  from given g
) n
"""
SUBJECT = HELD.format(
    subject="user",
    more="""exists (select 1 from accounts_user where id = $1),
  (select answerable_id from accounts_spell where user_id = $1 and closed_at is null), m.*, s.*,""",
    sources="""(
  select array_agg(group_id), array_agg(accounts_micros(opened_at)),
    array_agg(accounts_micros(closed_at))
  from accounts_membership where user_id = $1 and (closed_at is null or closed_at > $4)
) m, (
  select array_agg(a.slug::text), array_agg(accounts_micros(s.opened_at)),
    array_agg(accounts_micros(least(s.closed_at, s.expires_at)))
  from accounts_signature s join accounts_agreement a on a.id = s.agreement_id
  where s.user_id = $1
) s,""",
)
GROUP = HELD.format(subject="group", more="", sources="")
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
EACH = """
select * from accounts_decide_each($1::uuid[], $2::int[], $3::text[], $4::boolean[], $5::boolean[],
  $6, $7::bigint[], $8::text[], $9::uuid[], $10)
"""
ADDRESS = "select id, kind, uid, path from accounts_resource where path = $1"
UID = "select id, kind, uid, path from accounts_resource where uid = $1"
NAME = "select id, kind from accounts_user where username = $1"


def array(items: Iterable[Any]) -> str:
    """As the database writes one, of what needs no quotes: a list is written far more slowly."""
    return f"{{{','.join(map(str, items))}}}"


def run(statement: str, parameters: Sequence[Any], *, binary: bool = False) -> RawCursor[Any]:
    """With server-side binding; Django's own cursor would be planned anew each time."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        cursor = RawCursor(connection.connection)
        return cursor.execute(statement, parameters, prepare=True, binary=binary)


def row(statement: str, *parameters: Any) -> Any:
    return run(statement, parameters).fetchone()


def binary(statement: str, *parameters: Any) -> Any:
    """Long arrays arrive as they are stored, not as text."""
    return run(statement, parameters, binary=True).fetchone()


def rows(statement: str, *parameters: Any) -> list[Any]:
    return run(statement, parameters).fetchall()
