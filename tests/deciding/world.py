"""Random worlds as plain tuples, and how they get into the database beside the application."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
from django.db import connections
from psycopg import sql

from accounts.models.resources import permission_id
from accounts.permissions import Permission
from accounts.purposes import Purpose

PURPOSES = ["", "", "research", "marketing", "analytics"]
STATES = {
    "project": ["active"] * 4 + ["retired"],
    "dataset": ["published"] * 4 + ["draft", "withdrawn"],
    "version": ["approved"] * 4 + ["pending", "withdrawn", "retired"],
}
AGREEMENTS = ["dua", "ethics"]
PAST = datetime(2020, 1, 1, tzinfo=UTC)
CONTENT = {"discover", "read", "download", "invoke", "deploy"}
USE = {"download", "upload", "invoke", "deploy"}
RANGES = [(1, 1, "ask"), (2, 2, "block"), (1, 2, "ask"), (2, 3, "block"), (2, None, "inherit")]
Window = tuple[datetime, datetime | None]


def live(window: Window, at: datetime) -> bool:
    return window[0] <= at and (window[1] is None or at < window[1])


class Node(NamedTuple):
    id: int
    kind: str
    above: tuple[int, ...]  # from the root down
    state: str
    permitted: tuple[str, ...]
    prohibited: tuple[str, ...]
    agreements: tuple[str, ...]
    sources: tuple[int, ...]
    number: int | None

    @property
    def barred(self) -> set[str]:
        allowed = self.permitted or Purpose.values
        return {p for p in Purpose.values if p in self.prohibited or p not in allowed}


class Person(NamedTuple):
    id: UUID
    active: bool
    answers_to: UUID | None  # of a service


class Given(NamedTuple):
    id: UUID
    role: str
    user: UUID | None
    group: int | None
    node: int
    deny: bool
    purpose: str
    window: Window
    versions: tuple[int, int | None, str] | None  # first, last, and what a new one means
    opened: datetime
    open: bool
    suspended: bool


class Credential(NamedTuple):
    id: UUID
    owner: UUID
    scopes: tuple[str, ...]
    expires: datetime
    revoked: bool
    within: int | None


class Question(NamedTuple):
    who: Person
    permission: str
    node: int
    stated: str
    key: Credential | None
    at: datetime


@dataclass
class World:
    nodes: dict[int, Node] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    members: list[tuple[UUID, int, Window]] = field(default_factory=list)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    grants: list[Given] = field(default_factory=list)
    signed: list[tuple[UUID, str, Window]] = field(default_factory=list)
    keys: list[Credential] = field(default_factory=list)

    def chain(self, node: int) -> tuple[int, ...]:
        """From it up to the root."""
        return (node, *reversed(self.nodes[node].above))


def some(chance: Random, most: int, items: list[Any]) -> tuple[Any, ...]:
    return tuple(chance.sample(items, min(len(items), chance.randrange(most + 1))))


def window(chance: Random, now: datetime) -> Window:
    hour = timedelta(hours=1)
    return chance.choice(
        [(now, None), (now - hour, None), (now - hour, now + hour)] * 2
        + [(now - hour, now - hour / 2), (now + hour, None)]
    )


def draw(chance: Random, start: int, root: int) -> World:
    """`start`: a number from which ids are free."""
    world, now = World(), datetime.now(UTC) - timedelta(seconds=1)
    world.nodes[root] = Node(root, "root", (), "active", (), (), (), (), None)

    def node(kind: str, above: tuple[int, ...], number: int | None = None) -> Node:
        free = start + len(world.nodes)
        older = [n.id for n in world.nodes.values() if n.kind == "version"]
        made = Node(
            free,
            kind,
            above,
            chance.choice(STATES[kind]),
            some(chance, 6, Purpose.values) if chance.random() < 0.2 else (),
            some(chance, 1, Purpose.values),
            some(chance, 1, AGREEMENTS) if chance.random() < 0.3 else (),
            some(chance, 2, older) if kind == "version" else (),
            number,
        )
        world.nodes[free] = made
        return made

    for _ in range(2):
        project = node("project", (root,))
        for _ in range(2):
            dataset = node("dataset", (root, project.id))
            for number in range(1, 4):
                node("version", (root, project.id, dataset.id), number)
    populate(world, chance, start, now)
    return world


def populate(world: World, chance: Random, start: int, now: datetime) -> None:
    def uid() -> UUID:
        return UUID(int=chance.getrandbits(128), version=4)

    world.people = [Person(uid(), chance.random() < 0.9, None) for _ in range(5)]
    world.people += [Person(uid(), True, chance.choice(world.people).id) for _ in range(2)]
    world.groups = [start, start + 1, start + 2]
    for person in world.people:
        for group in some(chance, 3, world.groups):
            world.members.append((person.id, group, window(chance, now)))
        for agreement in some(chance, 2, AGREEMENTS):
            begins, ends_at = window(chance, now)  # nobody signs from a later day on
            world.signed.append((person.id, agreement, (min(begins, now), ends_at)))
        for _ in range(2):
            ends = now + timedelta(hours=chance.choice([-1, 1, 1, 1]))
            scopes = some(chance, 16, Permission.values)
            within = chance.choice([None, *world.nodes])
            revoked = chance.random() < 0.15
            world.keys.append(Credential(uid(), person.id, scopes, ends, revoked, within))
    world.roles = {f"r{start}-{n}": some(chance, 16, Permission.values) for n in range(4)}
    datasets = [n.id for n in world.nodes.values() if n.kind == "dataset"]
    for _ in range(28):
        holder = chance.choice(world.people).id
        group = chance.choice([None, None, *world.groups])
        ranged = chance.choice([*[None] * 9, *RANGES])
        world.grants.append(
            Given(
                id=uid(),
                role=chance.choice(list(world.roles)),
                user=None if group else holder,
                group=group,
                node=chance.choice(datasets if ranged else list(world.nodes)),
                deny=chance.random() < 0.1,
                purpose=chance.choice(PURPOSES),
                window=window(chance, now),
                versions=ranged,
                opened=now - timedelta(seconds=chance.randrange(5)),
                open=chance.random() < 0.9,
                suspended=chance.random() < 0.1,
            )
        )


def reaches(world: World, grant: Given) -> list[int]:
    """Where its rows lie: on its resource, or on the versions of its range."""
    if grant.versions is None:
        return [grant.node]
    first, last, _ = grant.versions
    return [
        n.id
        for n in world.nodes.values()
        if grant.node in n.above and n.number and first <= n.number <= (last or n.number)
    ]


def owner() -> psycopg.Connection[Any]:
    """The database as its owner: the gate records that, and lets it through."""
    return psycopg.connect(**connections["owner"].get_connection_params())


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
    session.commit()


def store_people(world: World, session: psycopg.Connection[Any], system: UUID) -> None:
    for person in world.people:
        kind = "service" if person.answers_to else "human"
        put(session, "accounts_user", id=person.id, kind=kind, username=f"u{person.id.hex}",
            is_active=person.active, password="!", date_joined=PAST, name="", email="", theme="",
            shortcuts=True)  # fmt: skip
        if person.answers_to:
            put(session, "accounts_serviceaccount", user_id=person.id, description="",
                owner_id=person.answers_to)  # fmt: skip
    for group in world.groups:
        put(session, "auth_group", id=group, name=f"g{group}")
    for user, group, (start, end) in world.members:
        put(session, "accounts_membership", id=uuid4(), opened_at=start, closed_at=end,
            group_id=group, user_id=user)  # fmt: skip
    for slug in AGREEMENTS:
        if not found(session, "select 1 from accounts_agreement where slug = %s", slug):
            put(session, "accounts_agreement", id=uuid4(), slug=slug, kind="data_use", title="",
                text="", days=1, created_at=PAST)  # fmt: skip
    for user, slug, (start, end) in world.signed:
        agreement = found(session, "select id from accounts_agreement where slug = %s", slug)
        put(session, "accounts_signature", id=uuid4(), evidence="", opened_at=start,
            expires_at=end, agreement_id=agreement, opened_by_id=system, user_id=user)  # fmt: skip


def store_node(n: Node, session: psycopg.Connection[Any], system: UUID) -> None:
    put(session, "accounts_resource", id=n.id, uid=uuid4(), kind=n.kind, ancestors=list(n.above),
        path=f"/{n.id}/", slug=str(n.id), name="", description="", state=n.state,
        classification="internal", categories=[], lawful_basis="", special_basis="", hipaa_form="",
        permitted_purposes=list(n.permitted), prohibited_purposes=list(n.prohibited),
        required_agreements=list(n.agreements), sources=list(n.sources), number=n.number,
        created_at=PAST, owner_id=system, parent_id=n.above[-1])  # fmt: skip


def store_grant(world: World, grant: Given, session: psycopg.Connection[Any], system: UUID) -> None:
    first, last, new = grant.versions or (None, None, "")
    role = found(session, "select id from accounts_role where slug = %s", grant.role)
    start, end = grant.window
    put(session, "accounts_grant", id=grant.id, effect="deny" if grant.deny else "allow",
        purpose=grant.purpose, starts_at=start, expires_at=end, origin="direct", reason="",
        opened_at=grant.opened, closed_at=None if grant.open else grant.opened, closed_reason="",
        closed_by_id=None if grant.open else system, group_id=grant.group, opened_by_id=system,
        user_id=grant.user, resource_id=grant.node, role_id=role, first_version=first,
        last_version=last, new_versions=new)  # fmt: skip
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
