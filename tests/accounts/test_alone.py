"""One person alone, through random actions by every route there is: they never come further.

`WORLDS=20` walks twenty seeds, `WALK=7` begins with the seventh: a failure says which it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, transaction

from access import rules as asking
from access.actions import requests
from accounts import gains, rules
from accounts.models import Resource, Role, User
from registry.actions import assets, states
from tests import worlds
from tests.alone.actions import every_action
from tests.alone.walking import CAN, Walk, walk
from tests.alone.world import build
from tests.attempts import ATTEMPTS, OWN
from tests.cast import Cast, role
from tests.conftest import Beneath

pytestmark = pytest.mark.usefixtures("built")
FIRST = int(os.environ.get("WALK", "0"))
SEEDS = range(FIRST, FIRST + len(worlds.SEEDS))
LEAST = 5  # acts that happen in each walk, beside what is known to be possible
SURE = 0  # the walk in which all of that happens; in others one act may take another away
LED = 30  # tries of what a rule that is off would forbid: at least one in ten shows it
MOST = 6  # seeds in which a rule that is off must show; nearly always it is the first


@pytest.fixture(scope="module")
def built(beneath: Beneath) -> None:
    beneath(build)


@pytest.fixture
def world(built: None, cast: Cast) -> Cast:
    return cast


def walked(
    world: Cast,
    name: str,
    seed: int,
    *watched: str,
    lead: tuple[str, ...] = (),
    whole: bool = False,
) -> Walk:
    person = world.scoring.user if name == "scoring" else getattr(world, name)
    return walk(person, seed, watched or ("own", "others"), lead, whole=whole)


def test_every_action_takes_part():
    """None is left out, and which there are does not hang on what else was imported."""
    assert set(every_action()) == set(ATTEMPTS) | OWN
    assert {verb for can in CAN.values() for verb in can} <= set(every_action())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CAN)
def test_nobody_alone_comes_further(world, name, seed):
    """Nor do they hand out more than they have; and a good deal of what they try happens."""
    lead = ("grant.open", "role.edit", "version.approve") * 5
    found = walked(world, name, seed, lead=lead, whole=True)
    assert found.finding is None, str(found)
    assert found.tried == set(every_action())
    missed = set(CAN[name]) - set(found.did)
    assert len(missed) <= (0 if seed == SURE else 1 + len(CAN[name]) // 4), f"{missed} {found}"
    assert found.did.total() >= len(CAN[name]) + LEAST, str(found)


# --- with a rule off, the same walk must come further


def off(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Gone from wherever the actions look it up."""
    for name in names:
        for module in (rules, assets, states, gains.Own):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *_: None)


@contextmanager
def as_a_test() -> Iterator[None]:
    """A transaction that the refusals take for the test's own, and that leaves nothing."""
    own = transaction.atomic()
    own._from_testcase = True  # type: ignore[attr-defined]
    with own:
        yield
        transaction.set_rollback(True)


def found_by(world: Cast, name: str, whose: str, *lead: str) -> Walk | None:
    """The first walk that finds it; each begins in the same world, with what it is about."""
    for seed in range(FIRST, FIRST + MOST):
        with as_a_test():
            found = walked(world, name, seed, whose, lead=lead * LED)
        if found.finding:
            return found
    return None


@pytest.mark.parametrize("name", ["alice", "erin"])
def test_without_other_side_they_give_to_themselves(world, name, monkeypatch):
    off(monkeypatch, "require_other_side")
    found = found_by(world, name, "own", "grant.open", "grant.extend", "grant.resume")
    assert found and found.last in ("grant.open", "grant.extend", "grant.resume")


def test_without_no_gain_they_show_themselves_what_is_hidden(world, monkeypatch):
    off(monkeypatch, "require_no_gain")
    found = found_by(world, "charlie", "own", "version.approve", "resource.set_state")
    assert found and found.last in ("version.approve", "resource.set_state")


def test_without_not_held_they_narrow_what_denies_them(world, monkeypatch):
    off(monkeypatch, "require_not_held")
    found = found_by(world, "erin", "own", "role.edit")
    assert found and found.last == "role.edit"


def test_without_the_ceiling_they_hand_out_what_they_have_not(world, monkeypatch):
    off(monkeypatch, "require_ceiling")
    found = found_by(world, "charlie", "others", "grant.open")
    assert found and found.last == "grant.open"


def test_without_narrower_what_others_hold_grows(world, monkeypatch):
    off(monkeypatch, "require_narrower")
    found = found_by(world, "erin", "others", "role.edit")
    assert found and found.last == "role.edit"


def test_without_four_eyes_the_database_still_refuses(world, monkeypatch):
    """Whoever asked decides no step: the rule says so first, then a constraint of the table."""
    asked = requests.submit(
        Resource.objects.get(path="/oncology/notes/"),
        role("deployer"),
        purpose="research",
        justification="x",
        by=world.alice,
    )
    with pytest.raises(asking.NotYours):
        requests.approve(asked, by=world.alice)
    monkeypatch.setattr(asking, "require_step", lambda it, by: it.steps.filter(decision="").first())
    with pytest.raises(IntegrityError):
        requests.approve(asked, by=world.alice)


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        # What is given goes to others: require_other_side comes before it.
        ("require_ceiling", "charlie"),
        # A role that somebody holds is not theirs to edit: require_not_held comes before it.
        ("require_narrower", "erin"),
    ],
)
def test_where_another_rule_comes_before_it_nobody_gains_alone(world, rule, name, monkeypatch):
    off(monkeypatch, rule)
    for seed in SEEDS:
        led = ("grant.open", "role.edit") * LED
        assert walked(world, name, seed, "own", lead=led).finding is None


def test_with_both_locks_off_they_grow_a_role_of_their_own(world, monkeypatch):
    """So require_narrower counts for oneself too: with require_not_held gone, it alone is left."""
    not_held = rules.require_not_held

    def but_for_one(by: User, edited: Role) -> None:
        if edited.slug != "spare":  # which only gives, so that to narrow it opens nothing
            not_held(by, edited)

    monkeypatch.setattr(rules, "require_not_held", but_for_one)
    with as_a_test():
        assert walked(world, "erin", FIRST, "own", lead=("role.edit",) * LED).finding is None
    off(monkeypatch, "require_narrower")
    found = found_by(world, "erin", "own", "role.edit")
    assert found and found.last == "role.edit"
