"""How a random world gets into the database beside the application, and how it goes on there."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from accounts.models.resources import permission_id
from tests.deciding.world import AGREEMENTS, FOREVER, LAST, PAST, Given, Node, World


def put(session: psycopg.Connection[Any], table: str, **row: Any) -> None:
    query = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    session.execute(query, list(row.values()))


def found(session: psycopg.Connection[Any], query: Any, *values: Any) -> Any:
    row = session.execute(query, values).fetchone()
    return row[0] if row else None


def until(end: datetime) -> datetime | None:
    return None if end == FOREVER else end


def reaches(world: World, grant: Given) -> list[int]:
    """Where its rows lie: on its resource, or on the versions of its range."""
    first, last, _ = grant.versions
    if not first:
        return [grant.node]
    below = [n for n in world.nodes.values() if grant.node in n.chain]
    return [n.id for n in below if n.number and first <= n.number <= last]


def store(world: World, session: psycopg.Connection[Any]) -> None:
    """In one transaction; standings and spells follow by themselves."""
    system = found(session, "select id from accounts_user where username = 'system'")
    store_people(world, session, system)
    for n in world.nodes.values():
        if n.kind != "root":
            store_node(n, session, system)
    for slug, permissions in world.roles.items():
        role = uuid4()
        put(session, "accounts_role", id=role, slug=slug, name=slug, description="",
            built_in=False, requestable=False)  # fmt: skip
        for codename in permissions:
            put(session, "accounts_rolepermission", id=uuid4(), codename=codename, role_id=role,
                opened_at=PAST)  # fmt: skip
    for grant in world.grants:
        store_grant(world, grant, session, system)
    for key in world.keys:
        put(session, "accounts_apikey", id=key.id, kind="p", name="k", scopes=list(key.scopes),
            created_at=PAST, expires_at=key.expires, revoked_at=PAST if key.revoked else None,
            created_by_id=key.owner, owner_id=key.owner, within_id=key.within,
            revoked_by_id=key.owner if key.revoked else None)  # fmt: skip
    # It stands so for long, so that "as of" any of its times finds it.
    ids, people = list(world.nodes), [person.id for person in world.people]
    session.execute("update accounts_standing set opened_at = %s where resource_id = any(%s)",
                    [PAST, ids])  # fmt: skip
    session.execute("update accounts_spell set opened_at = %s where user_id = any(%s)",
                    [PAST, people])  # fmt: skip
    session.commit()


def store_people(world: World, session: psycopg.Connection[Any], system: UUID) -> None:
    for person in world.people:
        kind = "human" if person.person == person.id else "service"
        put(session, "accounts_user", id=person.id, kind=kind, username=f"u{person.id.hex}",
            is_active=person.active, password="!", date_joined=PAST, name="", email="", theme="",
            shortcuts=True)  # fmt: skip
        if kind == "service":
            put(session, "accounts_serviceaccount", user_id=person.id, description="",
                owner_id=person.person)  # fmt: skip
    for group in world.groups:
        put(session, "auth_group", id=group, name=f"g{group}")
    for user, group, (start, end) in world.members:
        put(session, "accounts_membership", id=uuid4(), opened_at=start, closed_at=until(end),
            group_id=group, user_id=user)  # fmt: skip
    for slug in AGREEMENTS:
        if not found(session, "select 1 from accounts_agreement where slug = %s", slug):
            put(session, "accounts_agreement", id=uuid4(), slug=slug, kind="data_use", title="",
                text="", days=1, created_at=PAST)  # fmt: skip
    for user, slug, (start, end) in world.signed:
        agreement = found(session, "select id from accounts_agreement where slug = %s", slug)
        put(session, "accounts_signature", id=uuid4(), evidence="", opened_at=start,
            expires_at=until(end), agreement_id=agreement, opened_by_id=system,
            user_id=user)  # fmt: skip


def store_node(n: Node, session: psycopg.Connection[Any], system: UUID) -> None:
    put(session, "accounts_resource", id=n.id, uid=uuid4(), kind=n.kind,
        ancestors=list(n.chain[:0:-1]), path=f"/{n.id}/", slug=str(n.id), name="", description="",
        state=n.state, classification="internal", categories=[], lawful_basis="", special_basis="",
        hipaa_form="",
        permitted_purposes=list(n.permitted), prohibited_purposes=list(n.prohibited),
        required_agreements=list(n.agreements), sources=list(n.sources), number=n.number or None,
        created_at=PAST, owner_id=system, parent_id=n.chain[1])  # fmt: skip


def store_grant(world: World, grant: Given, session: psycopg.Connection[Any], system: UUID) -> None:
    first, last, new = grant.versions
    role = found(session, "select id from accounts_role where slug = %s", grant.role)
    start, end = grant.window[0], until(grant.window[1])
    put(session, "accounts_grant", id=grant.id, effect="deny" if grant.deny else "allow",
        purpose=grant.purpose, starts_at=start, expires_at=end, origin="direct", reason="",
        opened_at=grant.opened, closed_at=None if grant.open else grant.opened, closed_reason="",
        closed_by_id=None if grant.open else system, group_id=grant.group, opened_by_id=system,
        user_id=grant.user, resource_id=grant.node, role_id=role, first_version=first or None,
        last_version=None if last == LAST else last, new_versions=new)  # fmt: skip
    if grant.suspended:
        put(session, "accounts_suspension", id=uuid4(), reason="", opened_at=PAST,
            grant_id=grant.id, opened_by_id=system)  # fmt: skip
    if grant.deny or grant.suspended or not grant.open:
        return
    kind = "user" if grant.user else "group"
    for node in reaches(world, grant):
        for codename in world.roles[grant.role]:
            put(session, f"accounts_{kind}permission", starts_at=start, expires_at=end,
                content_object_id=node, grant_id=grant.id, permission_id=permission_id(codename),
                **{f"{kind}_id": grant.user or grant.group})  # fmt: skip


def go_on(world: World, session: psycopg.Connection[Any]) -> None:
    """Everything changes beside the application; the tuples stay what they were."""
    nodes, people = list(world.nodes), [person.id for person in world.people]
    for statement, of in (
        ("delete from accounts_userpermission where user_id = any(%s)", people),
        ("delete from accounts_grouppermission where group_id = any(%s)", world.groups),
        ("update accounts_grant set closed_at = clock_timestamp(), closed_by_id = opened_by_id"
         " where closed_at is null and id = any(%s)", [g.id for g in world.grants[::2]]),
        ("update accounts_suspension set closed_at = clock_timestamp(), closed_by_id = opened_by_id"
         " where closed_at is null and grant_id = any(%s)", [g.id for g in world.grants]),
        ("update accounts_membership set closed_at = clock_timestamp() where closed_at is null"
         " and opened_at < clock_timestamp() and user_id = any(%s)", people[::2]),
        ("update accounts_signature set closed_at = clock_timestamp(), closed_by_id = opened_by_id"
         " where opened_at < clock_timestamp() and closed_at is null and user_id = any(%s)",
         people[1::2]),
        ("update accounts_rolepermission set closed_at = clock_timestamp() where closed_at is null"
         " and role_id in (select id from accounts_role where slug = any(%s))",
         list(world.roles)[:2]),
        ("update accounts_user set is_active = not is_active where id = any(%s)", people[::3]),
        ("update accounts_resource set state = 'withdrawn', required_agreements = '{dua}'"
         " where kind <> 'root' and id = any(%s)", nodes[::3]),
    ):  # fmt: skip
        session.execute(statement, [of])
    session.commit()
