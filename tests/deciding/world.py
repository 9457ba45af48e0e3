"""Random worlds as plain tuples. Time passes in them: what begins and ends does so at a few
edges, and questions are asked at each edge and a microsecond before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import connections

PURPOSES = ["", "", "research", "marketing", "analytics"]
VOCABULARY = frozenset(
    (
        *("model_training", "model_evaluation", "inference", "analytics", "research"),
        *("quality_assurance", "bias_detection", "clinical_care", "public_health", "security"),
        *("legal_obligation", "marketing"),
    )
)
CONTENT = {"discover", "read", "download", "invoke", "deploy"}
USE = {"download", "upload", "invoke", "deploy"}
PERMISSIONS = [
    *("discover", "read", "download", "upload", "edit", "approve_version", "invoke", "deploy"),
    *("grant", "decide_request", "review", "read_trail"),
    *("manage_people", "manage_roles", "manage_policies", "manage_keys"),
]
# Of the nodes of a kind, in any order: something of all that can be in each world.
STATES = {
    "project": ["active"] * 9 + ["retired"],
    "dataset": ["published"] * 2 + ["draft", "withdrawn"],
    "version": ["approved"] * 8 + ["pending", "withdrawn", "retired", "retired"],
}
AGREEMENTS = ["dua", "ethics"]
PAST, FOREVER = datetime(2020, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)
LAST = 1_000_000
WHOLE = (0, LAST, "")
RANGES = [(1, 1, "ask"), (2, 2, "block"), (1, 2, "ask"), (2, 3, "block"), (2, LAST, "inherit")]
Window = tuple[datetime, datetime]  # from the first on, until before the second
Answer = tuple[str, UUID | None, str, str]  # reason, grant, role, purpose


class Node(NamedTuple):
    id: int
    kind: str
    chain: tuple[int, ...]  # from itself up to the root; empty when there is no such resource
    state: str = "active"
    permitted: tuple[str, ...] = ()  # all of them, when it names none
    prohibited: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    number: int = 0  # of a version


class Person(NamedTuple):
    id: UUID
    active: bool
    person: UUID  # who answers for it


class Given(NamedTuple):
    id: UUID
    role: str
    user: UUID | None
    group: int | None
    node: int
    deny: bool
    purpose: str
    window: Window
    versions: tuple[int, int, str]  # first, last, and what a new one means
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
    node: Node
    stated: str
    key: Credential | None
    at: datetime


@dataclass
class World:
    begin: datetime
    nodes: dict[int, Node] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    members: list[tuple[UUID, int, Window]] = field(default_factory=list)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    grants: list[Given] = field(default_factory=list)
    signed: list[tuple[UUID, str, Window]] = field(default_factory=list)
    keys: list[Credential] = field(default_factory=list)

    @property
    def edges(self) -> list[datetime]:
        return [self.begin + HOUR * n for n in range(1, 5)]

    @property
    def moments(self) -> list[datetime]:
        """When it is asked: at the beginning, and on both sides of each edge."""
        return [self.begin, *(at for edge in self.edges for at in (edge - INSTANT, edge))]


def some(chance: Random, most: int, items: list[Any]) -> tuple[Any, ...]:
    return tuple(chance.sample(items, min(len(items), chance.randrange(most + 1))))


def window(chance: Random, world: World) -> Window:
    """Most hold at first; those that begin at an edge adjoin those that end there."""
    before, (one, other) = world.begin - HOUR, sorted(chance.sample(world.edges, 2))
    return chance.choice(
        [
            *[(before, FOREVER), (before, one), (before, other), (before, world.begin + 48 * HOUR)],
            *[(before, FOREVER), (one, other), (other, FOREVER)],
            *[(before - HOUR, before), (world.begin + 24 * HOUR, FOREVER)],
        ]
    )


def draw(chance: Random, start: int, root: int) -> World:
    """`start`: a number from which ids are free. Its times lie behind us, or a day ahead."""
    world = World(datetime.now(UTC) - 6 * HOUR)
    world.nodes[root] = Node(root, "root", (root,))
    states = {kind: iter(chance.sample(of, len(of))) for kind, of in STATES.items()}

    def node(kind: str, above: Node, number: int = 0) -> Node:
        older = [n.id for n in world.nodes.values() if n.kind == "version"]
        free = start + len(world.nodes)
        made = world.nodes[free] = Node(
            free,
            kind,
            (free, *above.chain),
            next(states[kind]),
            some(chance, 9, sorted(VOCABULARY)) if chance.random() < 0.15 else (),
            some(chance, 1, sorted(VOCABULARY)),
            some(chance, 2, AGREEMENTS) if kind == "dataset" or chance.random() < 0.1 else (),
            some(chance, 2, older) if kind == "version" else (),
            number,
        )
        return made

    for _ in range(2):
        project = node("project", world.nodes[root])
        for _ in range(2):
            dataset = node("dataset", project)
            for number in range(1, 4):
                node("version", dataset, number)
    populate(world, chance, start)
    give(world, chance, start)
    return world


def uid(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


def populate(world: World, chance: Random, start: int) -> None:
    humans = [Person(one := uid(chance), n > 0, one) for n in range(5)]  # the first is inactive
    world.people = humans + [Person(uid(chance), True, chance.choice(humans).id) for _ in range(2)]
    world.groups = [start, start + 1, start + 2]
    for person in world.people:
        for group in some(chance, 3, world.groups):
            begins, ends = window(chance, world)
            world.members.append((person.id, group, (begins, ends)))
            if ends in world.edges and chance.random() < 0.5:
                world.members.append((person.id, group, (ends, FOREVER)))
        for agreement in some(chance, 2, AGREEMENTS):
            begins, ends = window(chance, world)  # nobody signs from a later day on
            begins = min(begins, world.begin - HOUR)
            ends = chance.choice([ends, begins + HOUR / 2, chance.choice(world.edges)])
            world.signed.append((person.id, agreement, (begins, ends)))
        for _ in range(2):
            ends = chance.choice([world.begin, *world.edges, *[world.begin + 24 * HOUR] * 5])
            scopes = tuple(chance.sample(PERMISSIONS, chance.randrange(4, 16)))
            within = chance.choice([None, *world.nodes])
            world.keys.append(
                Credential(uid(chance), person.id, scopes, ends, chance.random() < 0.15, within)
            )


def give(world: World, chance: Random, start: int) -> None:
    for n in range(4):
        held = chance.sample(PERMISSIONS, chance.randrange(4, 15))
        world.roles[f"r{start}-{n}"] = tuple(held)
    datasets = [n.id for n in world.nodes.values() if n.kind == "dataset"]
    for _ in range(40):
        holder = chance.choice(world.people).id
        group = chance.choice([None, None, *world.groups])
        versions = chance.choice([*[WHOLE] * 9, *RANGES])
        world.grants.append(
            Given(
                id=uid(chance),
                role=chance.choice(list(world.roles)),
                user=None if group else holder,
                group=group,
                node=chance.choice(list(world.nodes) if versions == WHOLE else datasets),
                deny=chance.random() < 0.1,
                purpose=chance.choice(PURPOSES),
                window=window(chance, world),
                versions=versions,
                opened=world.begin - HOUR - timedelta(seconds=chance.randrange(5)),
                open=chance.random() < 0.9,
                suspended=chance.random() < 0.1,
            )
        )


def owner() -> psycopg.Connection[Any]:
    """The database as its owner: the gate records that, and lets it through."""
    return psycopg.connect(**connections["owner"].get_connection_params())
