"""The one question and the list must agree: random worlds, each asked through both."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from accounts.decision import decide, site
from accounts.grants import open_grant
from accounts.models import ApiKey, Membership, Resource, Role, User
from accounts.permissions import Permission
from registry.actions.states import enter
from registry.models import Asset, Project, Version
from tests.acting import do

PURPOSES = ["", "research", "marketing"]
STATES = {
    "project": ["active", "retired"],
    "dataset": ["draft", "published", "published", "withdrawn"],
    "version": ["pending", "approved", "approved", "withdrawn"],
}


def node(kind: str, parent: Resource, slug: str, chance: Random) -> Resource:
    model = {"project": Project, "dataset": Asset, "version": Version}[kind]
    row: Any = model(kind=kind, state=chance.choice(STATES[kind]))
    if kind == "version":
        row.number = 1
    row.permitted_purposes = chance.choice([[], [], ["research"], ["research", "marketing"]])
    row.prohibited_purposes = chance.choice([[], [], ["marketing"]])
    row.place(parent, slug)
    row.save()
    enter(row, row.state)
    return Resource.objects.get(pk=row.pk)


def tree(chance: Random) -> list[Resource]:
    found = [site()]
    for p in range(2):
        project = node("project", found[0], f"p{p}", chance)
        found.append(project)
        for d in range(2):
            dataset = node("dataset", project, f"d{d}", chance)
            found += [dataset, node("version", dataset, "v1", chance)]
    return found


def give_at_random(chance: Random, cast, nodes: list[Resource], people: list[User]) -> None:
    now = timezone.now()
    roles = list(Role.objects.exclude(slug="system"))
    hour = timedelta(hours=1)
    for _ in range(24):
        start, end = chance.choice(
            [
                (now, None),
                (now, None),
                (now - hour, now + hour),
                (now - hour, now),
                (now + hour, None),
            ]
        )
        open_grant(
            chance.choice(roles),
            chance.choice([*people, cast.researchers]),
            chance.choice(nodes),
            by=cast.erin,
            starts_at=start,
            expires_at=end,
            purpose=chance.choice(PURPOSES),
            effect=chance.choice(["allow"] * 5 + ["deny"]),
        )
    for person in (cast.alice, cast.charlie, cast.dana):
        start, end = chance.choice([(now, None), (now - hour, now), (now + hour, None)])
        Membership(user=person, group=cast.researchers, opened_at=start, closed_at=end).save()


def credential(chance: Random, person: User, nodes: list[Resource], erin: User) -> ApiKey | None:
    if chance.random() < 0.6:
        return None
    scopes = chance.sample(Permission.values, 8)
    end = timezone.now() + timedelta(hours=chance.choice([-1, 1, 1, 1]))
    within = chance.choice([None, None, *nodes])
    key = ApiKey(owner=person, scopes=scopes, expires_at=end, within=within, created_by=person)
    do(key.save, by=erin)
    return key


@pytest.mark.parametrize("seed", range(4))
def test_decide_and_visible_agree(cast, seed):
    chance = Random(seed)
    people = [cast.alice, cast.bob, cast.charlie, cast.dana, cast.scoring.user]

    def build() -> list[Resource]:
        nodes = tree(chance)
        give_at_random(chance, cast, nodes, people)
        return nodes

    nodes = [Resource.objects.get(pk=n.pk) for n in do(build, by=cast.erin)]
    questions = [(cast.erin, Permission.GRANT)]  # one of which the answer is known
    questions += [(chance.choice(people), chance.choice(list(Permission))) for _ in range(14)]
    disagreements, granted = [], 0
    for person, permission in questions:
        person.credential = credential(chance, person, nodes, cast.erin) if granted else None
        listed = set(person.visible(Resource, permission).values_list("pk", flat=True))
        for resource in nodes:
            decision = decide(person, permission, resource)
            granted += decision.allowed
            if decision.allowed != (resource.pk in listed):
                disagreements.append((str(person), str(permission), resource.path, decision.reason))
    assert disagreements == []
    assert granted >= len(nodes)
