"""A preview of a role equals what then happens."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from accounts import queries
from accounts.actions import agreements, grants, roles
from accounts.grants import EVERYTHING, open_grant
from accounts.models import Grant, Resource, Role, User
from accounts.permissions import Permission
from registry.actions import assets, states
from registry.models import Asset
from tests import worlds
from tests.acting import do
from tests.cast import role

ASKED = ("discover", "read", "download", "edit", "upload")


@pytest.fixture
def lab(cast) -> Role:
    return roles.create(slug="lab", name="Lab", permissions=list(ASKED), by=cast.erin)


@pytest.mark.parametrize("seed", worlds.SEEDS)
def test_it_equals_what_then_happens(cast, lab, seed):
    chance = Random(seed)
    people: list[User] = [cast.alice, cast.bob, cast.charlie, cast.dana, cast.scoring.user]

    def build() -> list[Resource]:
        nodes = worlds.build(chance, cast, people, grants=15)
        for _ in range(14):
            resource = chance.choice(nodes)
            ranged = resource.kind == "dataset" and chance.random() < 0.5
            open_grant(
                lab, chance.choice([*people, cast.researchers]), resource, by=cast.erin,
                reach=chance.choice(worlds.RANGES) if ranged else EVERYTHING,
                effect=chance.choice(["allow", "allow", "deny"]),
            )  # fmt: skip
        return nodes

    nodes = do(build, by=cast.erin)
    wanted = frozenset(chance.sample(ASKED, 2))
    told = queries.preview(cast.erin, lab, wanted)
    before = held(people, nodes)
    roles.edit(lab, name="Lab", permissions=wanted, by=cast.erin)
    after = held(people, nodes)
    places = {effect.resource.pk for effect in told} | granted(lab)
    for change, really in (("loses", before - after), ("gains", after - before)):
        expected = {cell for cell in really if cell[1] in places}
        said = {cell_of(e) for e in told if e.change == change}
        assert said == expected, change
    assert {cell_of(e) for e in told if e.change == "keeps"} <= before & after
    assert told


def held(people: list[User], nodes: list[Resource]) -> set[tuple[Any, int, str]]:
    found = worlds.held(people, nodes, [(p.value, "") for p in Permission])
    return {cell[:3] for cell in found}


def granted(lab: Role) -> set[int]:
    """Where grants of the role are; what lies below follows them."""
    live = Grant.objects.live().filter(role=lab, first_version=None)
    return set(live.values_list("resource", flat=True))


def cell_of(effect: queries.Effect) -> tuple[Any, int, str]:
    return (effect.user.pk, effect.resource.pk, effect.permission)


def test_what_is_given_and_not_in_force_is_told_too(cast, lab):
    """It begins tomorrow, is suspended, or waits for an agreement: the edit takes it all."""
    scans = cast.scans
    tomorrow = timezone.now() + timedelta(days=1)
    grants.give(lab, cast.charlie, scans, starts_at=tomorrow, by=cast.alice)
    waiting = grants.give(lab, cast.bob, scans, by=cast.alice)
    grants.suspend(waiting, reason="looked into", by=cast.alice)
    grants.give(lab, cast.dana, scans, by=cast.alice)
    agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)
    assets.edit(scans, required_agreements=["dua"], by=cast.alice)
    told = queries.preview(cast.erin, lab, frozenset({"discover", "read"}))
    by_name = {(e.user.username, e.permission): e.change for e in told}
    download = {name: by_name.get((name, "download")) for name in ("charlie", "bob", "dana")}
    assert download == {"charlie": "later", "bob": "later", "dana": "later"}
    assert queries.counted(told)["later"]["people"] == 3


def test_a_deny_that_is_lifted_is_told_as_a_gain(cast, lab):
    scans = states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    grants.give(role("reader"), cast.bob, scans, by=cast.alice)
    grants.give(lab, cast.bob, scans, effect="deny", reason="x", by=cast.alice)
    told = queries.preview(cast.erin, lab, frozenset({"discover", "read"}))
    assert ("bob", "download", "gains") in {(e.user.username, e.permission, e.change) for e in told}


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "dana", "petra"])
def test_it_is_for_those_who_define_roles(cast, lab, who):
    with pytest.raises(Http404):
        queries.preview(getattr(cast, who), lab, frozenset({"read"}))
