"""What a person may not see is not there: by id, by address, by list, by count."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from access import queries as asked
from access.actions import requests
from accounts import queries
from accounts.actions import agreements, grants, keys, people
from accounts.models import ApiKey, Grant, Resource
from accounts.permissions import Permission
from accounts.queries import system
from audit import queries as trail
from audit.models import Event
from registry import queries as registry
from tests.cast import role


@pytest.mark.parametrize("by", ["uid", "address"])
def test_by_id_and_by_address(cast, by):
    """The person is told nothing; the trail is told that it was there and hidden."""

    def look(uid: uuid.UUID, address: str) -> Any:
        if by == "uid":
            return registry.by_uid(cast.charlie, uid)
        return registry.by_address(cast.charlie, address)

    before = Event.objects.count()
    with pytest.raises(Http404) as absent:
        look(uuid.uuid4(), "oncology/nothing")
    assert Event.objects.count() == before
    with pytest.raises(Http404) as hidden:
        look(cast.scans.uid, "oncology/ct-scans")
    assert str(absent.value) == str(hidden.value)
    event = Event.objects.latest("id")
    assert (event.outcome, event.verb, event.resource_path) == (
        "denied",
        "resource.find",
        "/oncology/ct-scans/",
    )


def test_an_address_is_not_guessed_by_its_form(cast):
    for address in ("", "/", "site", "..", "oncology/../oncology", "x" * 500, "a\x00b"):
        with pytest.raises(Http404):
            registry.by_address(cast.charlie, address)


def test_a_search_takes_any_text(cast):
    for text in ("\x00", "%", "_", "\\", "'; drop table", "x" * 5000):
        assert list(registry.assets(cast.charlie, text=text)) == []


EVERYTHING: dict[str, Callable[[Any], Any]] = {
    "people": lambda user: queries.people(user).exclude(pk=user.pk),
    "colleagues": lambda user: queries.colleagues(user).exclude(pk=user.pk),
    "groups": queries.groups,
    "services": queries.services,
    "grants": queries.grants,
    "own grants": queries.own_grants,
    "keys": queries.keys,
    "secrets": queries.secrets,
    "key uses": queries.key_uses,
    "memberships": queries.memberships,
    "givable": queries.givable,
    "resources": queries.resources,
    "periods": queries.periods,
    "standings": queries.standings,
    "spells": lambda user: queries.spells(user).exclude(user=user),
    "suspensions": queries.suspensions,
    "signatures": queries.signatures,
    "user rows": queries.user_rows,
    "group rows": queries.group_rows,
    "projects": registry.projects,
    "assets": registry.assets,
    "search": lambda user: registry.assets(user, text="CT"),
    "datasets": registry.datasets,
    "models": registry.models,
    "versions": registry.versions,
    "files": registry.files,
    "blobs": registry.blobs,
    "edges": registry.edges,
    "counts": registry.counts,
    "requests": asked.requests,
    "steps": asked.steps,
    "inbox": asked.inbox,
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_an_outsider_sees_nothing_of_it(cast, name):
    oncology = Resource.objects.get(pk=cast.oncology.pk)
    requests.submit(oncology, role("reader"), purpose="research", justification="x", by=cast.bob)
    keys.issue(
        cast.bob,
        name="k",
        scopes=["read"],
        by=cast.bob,
        expires_at=timezone.now() + timedelta(hours=1),
    )
    dua = agreements.define(slug="dua", kind="data_use", title="D", by=cast.erin)
    agreements.record(dua, cast.bob, by=cast.erin)
    held = Grant.objects.get(group=cast.researchers)
    grants.suspend(held, reason="x", by=cast.alice)
    assert ApiKey.objects.exists() and Grant.objects.exists()
    assert len(EVERYTHING[name](cast.charlie)) == 0


def test_the_members_of_a_group_one_is_not_in(cast):
    assert queries.members(cast.charlie, cast.researchers).count() == 0
    assert queries.members(cast.bob, cast.researchers).count() == 1


def test_a_deactivated_person_sees_nothing(cast):
    people.deactivate(cast.erin, by=system())
    assert not cast.erin.visible(Resource, Permission.DISCOVER).exists()
    cast.erin.refresh_from_db()
    assert not queries.roles(cast.erin).exists()


def test_the_trail_is_not_there_for_an_outsider(cast):
    with pytest.raises(Http404):
        trail.events(cast.charlie)
    with pytest.raises(Http404):
        trail.event(cast.charlie, Event.objects.latest("id").uid)


def test_a_steward_reads_the_trail_of_what_is_theirs(cast):
    seen = set(trail.events(cast.alice).values_list("resource_path", flat=True))
    assert seen
    assert all(path.startswith("/oncology/") for path in seen)
    other = Event.objects.filter(verb="person.invite").latest("id")
    with pytest.raises(Http404):
        trail.event(cast.alice, other.uid)
