"""Memory, SQL, the set and the oracle are asked the same; whoever differs is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from accounts.decision import answer, decide
from accounts.models import ApiKey, Resource, User
from accounts.permissions import Permission
from tests.deciding import oracle
from tests.deciding.world import PURPOSES, World, draw, owner, store

FIRST = 1_000_000_000  # ids of worlds start here, far from those of a sequence


def build(seed: int) -> World:
    root = Resource.objects.get(kind="root").pk
    world = draw(Random(seed), FIRST + seed * 1000, root)
    with owner() as session:
        store(world, session)
    return world


def differences(world: World, seed: int, questions: int) -> Iterator[str]:
    """Nothing, when all four agree."""
    chance = Random(seed)
    people = {user.pk: user for user in User.objects.filter(pk__in=[p.id for p in world.people])}
    nodes = {node.pk: node for node in Resource.objects.filter(pk__in=list(world.nodes))}
    keys = {key.pk: key for key in ApiKey.objects.filter(pk__in=[k.id for k in world.keys])}
    for _ in range(questions):
        who, node = chance.choice(world.people), chance.choice(list(world.nodes))
        permission, stated = chance.choice(Permission.values), chance.choice(PURPOSES)
        held = chance.choice([None, *(k for k in world.keys if k.owner == who.id)])
        if chance.random() < 0.02:
            held = chance.choice(world.keys)
        key, now = (keys[held.id] if held else None), datetime.now(UTC)
        user, resource = people[who.id], nodes[node]
        user.credential = None
        remembered = decide(user, permission, resource, purpose=stated, key=key)
        asked = answer(user, permission, resource, stated, key, now)
        truth = oracle.answer(world, who, permission, node, stated, held, now)
        where = f"seed {seed}: {who.id} {permission} {node} {stated!r} key={held and held.id}"
        if remembered != asked:
            yield f"{where}: memory {brief(remembered)}, SQL {brief(asked)}"
        if (asked.reason, asked.grant_id, asked.purpose) != truth and not (
            truth[0] == "" and asked.reason in oracle.NEARLY
        ):
            yield f"{where}: SQL {brief(asked)}, oracle {truth}"
        yield from others(user, permission, resource, key, world, stated, asked)


def brief(decision: Any) -> tuple[Any, ...]:
    return decision.reason, decision.grant_id, decision.role, decision.purpose


def others(
    user: User, permission: str, resource: Resource, key: ApiKey | None, world: World,
    stated: str, asked: Any,
) -> Iterator[str]:  # fmt: skip
    """The set knows no stated purpose. Further ways of asking join here."""
    if stated == "" and (key is None or key.owner_id == user.pk):
        user.credential = key
        seen = user.visible(Resource, permission).filter(pk=resource.pk).exists()
        user.credential = None
        if seen != asked.allowed:
            yield f"{user} {permission} {resource}: visible {seen}, SQL {asked.reason}"
