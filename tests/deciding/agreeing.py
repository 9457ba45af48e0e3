"""All ways of asking are asked the same, of random worlds; whoever differs is told, and each
answer is counted.

Memory, the statement, the statement of many, the sets and lists, the whole path, an oracle; and of
worlds that went on since, the whole path and the sets as of then. A clock is set, so that what
was remembered before something ended is asked when it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from random import Random
from typing import Any

from accounts.decision import answer, decide
from accounts.explanation import explain
from accounts.models import ApiKey, Resource, User
from accounts.point import point
from accounts.queries import Asked, decisions, what_can, who_can
from accounts.queries.asof import what_could, who_could
from tests.deciding import oracle
from tests.deciding.clock import Clock, clock
from tests.deciding.questions import NOBODY, REASONS, drawn
from tests.deciding.storing import go_on, store
from tests.deciding.world import (
    FOREVER,
    PERMISSIONS,
    Answer,
    Credential,
    Person,
    Question,
    World,
    draw,
    owner,
)

FIRST = 1_000_000_000  # ids of worlds start here, far from those of a sequence
SINGLE = ("oracle", "memory", "SQL", "of many", "path")
SETS = ("visible", "lists", "as of")
WAYS = SINGLE + SETS
NOT_ASKED: Answer = ("", None, "", "")


class Tally:
    """How many answers of each way were compared with another's, and what the oracle's were."""

    def __init__(self) -> None:
        self.ways: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def add(self, other: Tally) -> None:
        self.ways += other.ways
        self.reasons += other.reasons

    @property
    def least(self) -> int:
        return min(self.ways[way] for way in WAYS)

    def lacks(self, each: int) -> list[str]:
        """What was asked too little to prove anything."""
        asked = sum(self.reasons.values())
        rare = [f"{r} {self.reasons[r]} times" for r in REASONS if self.reasons[r] < each]
        foreign = sorted(self.reasons.keys() - {*REASONS})
        share = self.reasons["allowed"] / max(asked, 1)
        return rare + foreign + ([] if 0.3 < share < 0.6 else [f"allowed {share:.0%}"])


def build(seed: int) -> World:
    root = Resource.objects.get(kind="root").pk
    world = draw(Random(seed), FIRST + seed * 1000, root)
    with owner() as session:
        store(world, session)
    return world


class Asker:
    """One world and its rows."""

    def __init__(self, world: World, seed: int, tally: Tally) -> None:
        self.world, self.chance, self.tally = world, Random(seed), tally
        self.people = {u.pk: u for u in User.objects.filter(pk__in=[p.id for p in world.people])}
        self.nodes = {n.pk: n for n in Resource.objects.filter(pk__in=list(world.nodes))}
        self.keys = {k.pk: k for k in ApiKey.objects.filter(pk__in=[k.id for k in world.keys])}

    def user(self, who: Person, key: Credential | None) -> User:
        """With the key in the hand of whoever asks: rows of their own, since keys differ."""
        known = self.people.get(who.id)
        joined = known.date_joined if known else FOREVER
        user = User(pk=who.id, username=known.username if known else "nobody", date_joined=joined)
        user.credential = self.keys[key.id] if key else None
        return user

    def asked(self, q: Question) -> Asked:
        place = self.nodes.get(q.node.id) or Resource(pk=q.node.id)
        return Asked(self.user(q.who, q.key), q.permission, place, q.stated)

    def told(self, way: str, q: Question, found: Answer, truth: Answer) -> Iterator[str]:
        self.tally.ways[way] += 1
        if found != truth:
            yield f"{way} {found}, oracle {truth}: {q}"


def differences(
    world: World, seed: int, questions: int, tally: Tally, *, paths: int = 1
) -> Iterator[str]:
    """Nothing, when all agree. The path, by far the slowest, is asked once in so many."""
    asker = Asker(world, seed, tally)
    asked = drawn(asker.chance, world, questions)
    with clock(world.begin) as at:
        for at.at, now in groupby(asked, lambda q: q.at):
            yield from alone(asker, list(now), paths)
            yield from together(asker, at, questions // 150)
    with owner() as session:
        go_on(world, session)
    yield from later(asker, asked, questions // 100)


def alone(asker: Asker, asked: list[Question], paths: int) -> Iterator[str]:
    """Each question by itself; where it came with a key, the path is asked without."""
    many = decisions([asker.asked(q) for q in asked])
    for q, of_many in zip(asked, many, strict=True):
        truth = oracle.answer(asker.world, q)
        asker.tally.ways["oracle"] += 1
        asker.tally.reasons[truth[0]] += 1
        user, permission, resource, stated = asker.asked(q)
        asked_now = answer(user, permission, resource, stated, user.credential, q.at)
        yield from asker.told("SQL", q, brief(asked_now), truth)
        yield from asker.told("of many", q, brief(of_many), truth)
        yield from remembered(asker, q, truth)
        if q.who.id != NOBODY and asker.chance.randrange(paths) == 0:
            yield from path(asker, "path", q._replace(key=None))


def remembered(asker: Asker, q: Question, truth: Answer) -> Iterator[str]:
    """What memory leaves to the database is compared too, and not counted as memory's."""
    user, permission, resource, stated = asker.asked(q)
    found = point.current()
    before = found.asked - found.left if found else 0
    told = brief(decide(user, permission, resource, purpose=stated))
    from_memory = found is not None and found.asked - found.left > before
    yield from asker.told("memory" if from_memory else "left", q, told, truth)


def path(asker: Asker, way: str, q: Question) -> Iterator[str]:
    user, permission, resource, stated = asker.asked(q)
    found = explain(user, permission, resource, purpose=stated, at=q.at)
    truth = oracle.answer(asker.world, q)
    by = found.decided_by.grant if found.allowed and found.decided_by else None
    meant = found.purpose or (by.purpose if by else "")
    told = found.reason, by.pk if by else None, by.role.slug if by else "", meant
    yield from asker.told(way, q, told, truth)


def together(asker: Asker, now: Clock, number: int) -> Iterator[str]:
    """The sets and lists of this moment, and memory about each of their members."""
    world, chance = asker.world, asker.chance
    for _ in range(number):
        who, permission = chance.choice(world.people), chance.choice(PERMISSIONS)
        key = chance.choice([None, None, *(key for key in world.keys if key.owner == who.id)])
        asked = [Question(who, permission, n, "", key, now.at) for n in world.nodes.values()]
        user = asker.user(who, key)
        held = user.visible(Resource, permission).values_list("pk", flat=True)
        yield from members(asker, "visible", asked, {(who.id, node) for node in held})
        listed = what_can(user, permission, limit=1000)
        yield from members(asker, "lists", asked, {(who.id, node) for node in listed})
        for q in asked:
            yield from remembered(asker, q, oracle.answer(world, q))
        node = chance.choice(list(world.nodes.values()))
        asked = [Question(who, permission, node, "", None, now.at) for who in world.people]
        people = who_can(asker.nodes[node.id], permission, limit=1000)
        yield from members(asker, "lists", asked, {(one.id, node.id) for one in people})


def members(asker: Asker, way: str, asked: list[Question], found: set[Any]) -> Iterator[str]:
    """Of what was asked about, the set holds what the oracle allows."""
    for q in asked:
        is_allowed = oracle.answer(asker.world, q)[0] == "allowed"
        asker.tally.ways[way] += 1
        if is_allowed != ((q.who.id, q.node.id) in found):
            yield f"{way} {not is_allowed}, oracle {oracle.answer(asker.world, q)}: {q}"


def later(asker: Asker, asked: Iterable[Question], number: int) -> Iterator[str]:
    """What was answered is what the past says, when the world has gone on."""
    world, chance = asker.world, asker.chance
    past = [q._replace(key=None) for q in asked if q.who.id != NOBODY]
    for q in chance.sample(past, min(20, len(past) // 20)):
        yield from path(asker, "as of", q)
    for at in world.moments:
        for _ in range(number):
            who, permission = chance.choice(world.people), chance.choice(PERMISSIONS)
            about = [Question(who, permission, n, "", None, at) for n in world.nodes.values()]
            could = what_could(asker.people[who.id], permission, at=at)
            found = {(who.id, pk) for pk in could.values_list("pk", flat=True)}
            yield from members(asker, "as of", about, found)
            node = chance.choice(list(world.nodes.values()))
            about = [Question(who, permission, node, "", None, at) for who in world.people]
            holders = who_could(asker.nodes[node.id], permission, at=at)
            found = {(pk, node.id) for pk in holders.values_list("pk", flat=True)}
            yield from members(asker, "as of", about, found)


def brief(decision: Any) -> Answer:
    return decision.reason, decision.grant_id, decision.role, decision.purpose
