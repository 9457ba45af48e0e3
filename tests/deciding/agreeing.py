"""All ways of asking are asked the same, of random worlds; whoever differs is told.

Memory, the statement, the statement of many, the set, the whole path, an oracle; and of worlds that
went on since, the whole path and the sets as of then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from accounts.decision import Decision, answer, decide
from accounts.explanation import explain
from accounts.models import ApiKey, Resource, User
from accounts.permissions import Permission
from accounts.queries import Asked, decisions
from accounts.queries.asof import what_could, who_could
from tests.deciding import oracle
from tests.deciding.world import PURPOSES, Question, World, draw, go_on, owner, store

FIRST = 1_000_000_000  # ids of worlds start here, far from those of a sequence


def build(seed: int) -> World:
    root = Resource.objects.get(kind="root").pk
    world = draw(Random(seed), FIRST + seed * 1000, root)
    with owner() as session:
        store(world, session)
    return world


class Asker:
    """One world and its rows."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.seed, self.chance = world, seed, Random(seed)
        self.people = {u.pk: u for u in User.objects.filter(pk__in=[p.id for p in world.people])}
        self.nodes = {n.pk: n for n in Resource.objects.filter(pk__in=list(world.nodes))}
        self.seen: dict[Any, set[int]] = {}
        self.keys = {k.pk: k for k in ApiKey.objects.filter(pk__in=[k.id for k in world.keys])}

    def visible(self, user: User, permission: str) -> set[int]:
        asked = (user.pk, user.credential and user.credential.pk, permission)
        if asked not in self.seen:
            self.seen[asked] = set(user.visible(Resource, permission).values_list("pk", flat=True))
        return self.seen[asked]

    def question(self) -> Question:
        chance, world = self.chance, self.world
        who, node = chance.choice(world.people), chance.choice(list(world.nodes))
        permission, stated = chance.choice(Permission.values), chance.choice(PURPOSES)
        key = chance.choice([None, *(k for k in world.keys if k.owner == who.id)])
        if chance.random() < 0.02:
            key = chance.choice(world.keys)
        return Question(who, permission, node, stated, key, datetime.now(UTC))

    def asked(self, q: Question) -> Asked:
        """With the key in the hand of whoever asks: rows of their own, since keys differ."""
        user = User(pk=q.who.id, username=self.people[q.who.id].username)
        user.credential = self.keys[q.key.id] if q.key else None
        return Asked(user, q.permission, self.nodes[q.node], q.stated)


def differences(world: World, seed: int, questions: int) -> Iterator[str]:
    """Nothing, when all agree."""
    asker = Asker(world, seed)
    asked = [asker.question() for _ in range(questions)]
    for n in range(0, questions, 100):
        hundred = asked[n : n + 100]
        many = decisions([asker.asked(q) for q in hundred])
        for q, of_many in zip(hundred, many, strict=True):
            where = f"seed {seed}: {q.who.id} {q.permission} {q.node} {q.stated!r} key={q.key}"
            yield from (f"{where}: {told}" for told in one(asker, q, of_many))
    yield from (f"seed {seed} then: {told}" for told in later(asker, asked))


def one(asker: Asker, q: Question, of_many: Decision) -> Iterator[str]:
    user, permission, resource, stated = asker.asked(q)
    asked = answer(user, permission, resource, stated, user.credential, q.at)
    remembered = decide(user, permission, resource, purpose=stated)
    if not (brief(remembered) == brief(asked) == brief(of_many)):
        yield f"memory {brief(remembered)}, SQL {brief(asked)}, of many {brief(of_many)}"
    truth = oracle.answer(asker.world, q)
    if (asked.reason, asked.grant_id, asked.purpose) != truth and not (
        truth[0] == "" and asked.reason in NEARLY
    ):
        yield f"SQL {brief(asked)}, oracle {truth}"
    # The set knows no stated purpose, and no key but the subject's own; the path knows none.
    comparable = stated == "" and (q.key is None or q.key.owner == user.pk)
    if comparable and (resource.pk in asker.visible(user, permission)) != asked.allowed:
        yield f"visible {not asked.allowed}, SQL {brief(asked)}"
    if q.key is None:
        yield from path(asker, q, asked)


def path(asker: Asker, q: Question, asked: Decision) -> Iterator[str]:
    user, permission, resource, stated = asker.asked(q)
    found = explain(user, permission, resource, purpose=stated, at=q.at)
    by = found.decided_by.grant.pk if found.allowed and found.decided_by else None
    if (found.reason, by) != (asked.reason, asked.grant_id):
        yield f"path {found.reason, by}, SQL {brief(asked)}"


def later(asker: Asker, asked: list[Question]) -> Iterator[str]:
    """What was answered is what the past says, when the world has gone on."""
    then = datetime.now(UTC)
    noted = [(q, answer(*asker.asked(q), None, q.at)) for q in asked[::20] if q.key is None]
    with owner() as session:
        go_on(asker.world, session)
    for q, decision in noted:
        yield from (f"{q} later: {told}" for told in path(asker, q, decision))
    for permission in asker.chance.sample(Permission.values, 4):
        pairs = [(who, node) for who in asker.world.people for node in asker.nodes]
        held = {
            (who.id, node)
            for who, node in pairs
            if oracle.answer(asker.world, Question(who, permission, node, "", None, then))[1]
        }
        could = {
            (user.pk, node.pk)
            for user in asker.people.values()
            for node in what_could(user, permission, at=then).filter(pk__in=asker.nodes)
        }
        by_place = {
            (user.pk, node.pk)
            for node in asker.nodes.values()
            for user in who_could(node, permission, at=then).filter(pk__in=asker.people)
        }
        for name, found in (("what", could), ("who", by_place)):
            if found != held:
                yield f"{name} could {permission}: more {found - held}, less {held - found}"


# Where no grant gives it, which one came nearest is the product's to say: both of its ways must.
NEARLY = {"grant_suspended", "grant_expired", "grant_not_started", "grant_purpose", "no_grant",
          "purpose_not_permitted", "version_not_covered", "version_blocked"}  # fmt: skip


def brief(decision: Any) -> tuple[Any, ...]:
    return decision.reason, decision.grant_id, decision.role, decision.purpose
