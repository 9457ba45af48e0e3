"""Which questions are asked of a world: about half are allowed, and no reason is left out."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from uuid import UUID

from tests.deciding import oracle
from tests.deciding.world import PERMISSIONS, PURPOSES, Node, Person, Question, World

# What the gates and the grants can answer, in their order (accounts/decision.py).
REASONS = (
    *("allowed", "subject_unknown", "subject_inactive"),
    *("key_unknown", "key_revoked", "key_expired", "key_scope", "key_restriction"),
    *("resource_unknown", "resource_withdrawn", "resource_retired", "deny_grant"),
    *("purpose_not_permitted", "agreement_missing", "agreement_expired", "resource_draft"),
    *("grant_expired", "grant_not_started", "grant_suspended", "grant_purpose"),
    *("version_not_covered", "version_blocked", "no_grant"),
)
NOBODY, NOWHERE = UUID(int=1), 1 << 40


def any_question(chance: Random, world: World) -> Question:
    who, node = chance.choice(world.people), chance.choice(list(world.nodes.values()))
    mine = [None, None, *(key for key in world.keys if key.owner == who.id)]
    key = chance.choice(world.keys if chance.random() < 0.02 else mine)
    if chance.random() < 0.01:
        who = Person(NOBODY, True, NOBODY)
    if chance.random() < 0.01:
        node = Node(NOWHERE, "dataset", ())
    permission, stated = chance.choice(PERMISSIONS), chance.choice(PURPOSES)
    return Question(who, permission, node, stated, key, chance.choice(world.moments))


def drawn(chance: Random, world: World, number: int) -> list[Question]:
    """By the time they are asked at. Of eight, one is taken: the rarer its answer, the rather."""
    by_reason = defaultdict(list)
    for _ in range(8 * number):
        asked = any_question(chance, world)
        by_reason[oracle.answer(world, asked)[0]].append(asked)
    taken = by_reason.pop("allowed", [])[: number * 45 // 100]
    while len(taken) < number and any(by_reason.values()):
        for rest in by_reason.values():
            if rest:
                taken.append(rest.pop())
    return sorted(taken[:number], key=lambda asked: asked.at)
