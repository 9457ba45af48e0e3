"""The question, the lists and the whole path must agree: random worlds, each asked of all."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from accounts.decision import answer, decide
from accounts.explanation import explain
from accounts.grants import open_grant
from accounts.models import ApiKey, Resource, User
from accounts.permissions import Permission
from accounts.queries.asof import what_could, who_could
from tests import worlds
from tests.acting import do
from tests.cast import role


def credential(chance: Random, person: User, nodes: list[Resource], erin: User) -> ApiKey | None:
    if chance.random() < 0.6:
        return None
    scopes = chance.sample(Permission.values, 8)
    end = timezone.now() + timedelta(hours=chance.choice([-1, 1, 1, 1]))
    within = chance.choice([None, None, *nodes])
    key = ApiKey(owner=person, scopes=scopes, expires_at=end, within=within, created_by=person)
    do(key.save, by=erin)
    return key


@pytest.fixture
def people(cast) -> list[User]:
    return [cast.alice, cast.bob, cast.charlie, cast.dana, cast.scoring.user]


@pytest.mark.parametrize("seed", worlds.SEEDS)
def test_decide_and_visible_agree(cast, people, seed):
    chance = Random(seed)
    nodes = do(lambda: worlds.build(chance, cast, people), by=cast.erin)
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


@pytest.mark.parametrize("seed", worlds.SEEDS)
def test_the_whole_path_ends_at_the_same_answer(cast, people, seed):
    """Reason and grant: the one from the derived rows, the other from the intent."""
    chance = Random(100 + seed)
    nodes = do(lambda: worlds.build(chance, cast, people), by=cast.erin)
    wrong, reasons = [], Counter[str]()
    for _ in range(120):
        person, resource = chance.choice(people), chance.choice(nodes)
        permission, purpose = chance.choice(list(Permission)), chance.choice(worlds.PURPOSES)
        at = timezone.now()
        told = answer(person, permission, resource, purpose, None, at)
        path = explain(person, permission, resource, purpose=purpose, at=at)
        by = path.decided_by.grant.pk if path.allowed and path.decided_by else None
        reasons[told.reason] += 1
        if (told.reason, told.grant_id) != (path.reason, by):
            wrong.append((str(person), str(permission), resource.path, told.reason, path.reason))
    assert wrong == []
    assert len(reasons) >= 5, reasons


@pytest.mark.parametrize("seed", worlds.SEEDS)
def test_who_and_what_are_the_sets_of_the_same_answers(cast, people, seed):
    chance = Random(200 + seed)

    def build() -> list[Resource]:
        nodes = worlds.build(chance, cast, people)
        # A deny of a group, beside those of people: none of these hides who is not in it.
        lowest, reader = nodes[-1], role("reader")
        open_grant(reader, cast.researchers, lowest, by=cast.erin, effect="deny")
        open_grant(reader, cast.charlie, lowest, by=cast.erin)
        return nodes

    nodes = do(build, by=cast.erin)
    found = 0
    for permission in (Permission.DISCOVER, Permission.DOWNLOAD, chance.choice(list(Permission))):
        at = timezone.now()
        pairs = {
            (person.pk, resource.pk)
            for person in people
            for resource in nodes
            if explain(person, permission, resource, at=at).allowed
        }
        who = {(u.pk, r.pk) for r in nodes for u in who_could(r, permission, at=at) if u in people}
        what = {(u.pk, r.pk) for u in people for r in what_could(u, permission, at=at)}
        assert who == pairs, permission
        assert {pair for pair in what if pair[1] in {n.pk for n in nodes}} == pairs, permission
        found += len(pairs)
    assert found
