"""The lists say what the decision says, page by page."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.decision import decide
from accounts.models import Resource, User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.queries import actions_of, what_can, who_can
from tests.deciding.agreeing import build


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


def test_actions(heard):
    world = build(31)
    node = Resource.objects.get(pk=next(n for n in world.nodes if n > 1000))
    for user in User.objects.filter(pk__in=[p.id for p in world.people]):
        truth = [p for p in Permission.values if decide(user, p, node).allowed]
        assert actions_of(user, node) == truth


def test_a_key_cuts_the_lists_as_it_cuts_the_decision(heard):
    world = build(32)
    users = {user.pk: user for user in User.objects.filter(pk__in=[p.id for p in world.people])}
    for key in world.keys:
        user = users[key.owner]
        user.credential = user.keys.get(pk=key.id)
        visible = user.visible(Resource, "read").order_by("pk").values_list("pk", flat=True)
        assert what_can(user, "read", limit=1000) == list(visible)
