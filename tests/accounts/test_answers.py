"""The lists say what the decision says, page by page."""

from __future__ import annotations

from functools import partial
from random import Random

import pytest

from accounts.decision import decide
from accounts.models import ApiKey, Resource, User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.queries import Asked, decisions, what_can, who_can
from tests.deciding.agreeing import build
from tests.deciding.world import PURPOSES


def pages(ask, last, size=3):
    """All of it, a small page at a time."""
    found, page, after = [], None, None
    while page is None or len(page) == size:
        page = ask(after, size)
        found += page
        after = last(page[-1]) if page else None
    return found


def who_page(node, permission, after, size):
    return who_can(node, permission, after=after or "", limit=size)


def what_page(user, permission, after, size):
    return what_can(user, permission, after=after or 0, limit=size)


@pytest.mark.parametrize("seed", range(20, 22))
def test_lists_agree_with_the_decision(heard, seed):
    world = build(seed)
    people = User.objects.filter(pk__in=[p.id for p in world.people]).order_by("username")
    nodes = {node.pk: node for node in Resource.objects.filter(pk__in=list(world.nodes))}
    for permission in Permission.values[seed % 5 :: 5]:
        truth = {
            (user.username, pk)
            for user in people
            for pk, node in nodes.items()
            if decide(user, permission, node).allowed
        }
        whom = {
            (name, pk)
            for pk, node in nodes.items()
            for _, name in pages(partial(who_page, node, permission), lambda who: who.username)
            if (name, pk) in truth or name in {user.username for user in people}
        }
        what = {
            (user.username, pk)
            for user in people
            for pk in pages(partial(what_page, user, permission), lambda pk: pk)
            if pk in nodes
        }
        assert whom == truth
        assert what == truth


def test_by_kind_in_order_and_without_repeats(heard):
    world = build(30)
    for user in User.objects.filter(pk__in=[p.id for p in world.people]):
        for kind in Kind.values:
            listed = what_can(user, "read", kind=kind, limit=1000)
            assert listed == sorted(set(listed))
            assert {node.kind for node in Resource.objects.filter(pk__in=listed)} <= {kind}


@pytest.mark.parametrize("seed", [31, 33])
def test_many_questions_are_each_answered_as_one_alone(heard, seed):
    world, chance = build(seed), Random(seed)
    users = {user.pk: user for user in User.objects.filter(pk__in=[p.id for p in world.people])}
    for key in ApiKey.objects.filter(pk__in=[k.id for k in world.keys[::3]]):
        users[key.owner_id].credential = key
    nodes = list(Resource.objects.filter(pk__in=list(world.nodes)))
    people = list(users.values())
    asked = [
        Asked(
            chance.choice(people),
            chance.choice(Permission.values),
            chance.choice(nodes),
            chance.choice(PURPOSES),
        )
        for _ in range(600)
    ]
    alone = [decide(*one[:3], purpose=one.purpose) for one in asked]
    assert decisions(asked) == alone
    assert len({one.reason for one in alone}) > 9


def test_a_key_cuts_the_lists_as_it_cuts_the_decision(heard):
    world = build(32)
    users = {user.pk: user for user in User.objects.filter(pk__in=[p.id for p in world.people])}
    for key in world.keys:
        user = users[key.owner]
        user.credential = user.keys.get(pk=key.id)
        visible = user.visible(Resource, "read").order_by("pk").values_list("pk", flat=True)
        assert what_can(user, "read", limit=1000) == list(visible)
