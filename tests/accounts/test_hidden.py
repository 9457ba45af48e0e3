"""What a person may not see is not there: by id, by address, by list, by count."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.urls import reverse
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
from registry.actions import files, versions
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


def test_an_outsider_sees_nothing_of_it(cast):
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
    assert {name: len(seen(cast.charlie)) for name, seen in EVERYTHING.items()} == dict.fromkeys(
        EVERYTHING, 0
    )


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


def asked_for(cast) -> dict[str, Any]:
    """One of each noun that is none of Charlie's."""
    end = timezone.now() + timedelta(hours=1)
    request = requests.submit(
        cast.oncology, role("reader"), purpose="research", justification="x", by=cast.bob
    )
    return {
        "grant": Grant.objects.get(group=cast.researchers).pk,
        "api_key": keys.issue(cast.bob, name="k", scopes=["read"], by=cast.bob, expires_at=end)
        .key.pk,
        "user": cast.bob.pk,
        "group": cast.researchers.pk,
        "service_account": cast.scoring.pk,
        "access_request": request.pk,
    }  # fmt: skip


ABSENT = {"group": 999_999}
PAGES = {
    "grant": "grant",
    "user": "person",
    "group": "group",
    "service_account": "service",
    "access_request": "request",
}
REST = {
    "grant": "grants",
    "api_key": "keys",
    "user": "users",
    "group": "groups",
    "service_account": "service-accounts",
    "access_request": "requests",
}


@pytest.mark.parametrize("noun", REST)
def test_asking_for_a_hidden_row_leaves_a_denied_event(client, cast, noun):
    """The same answer as for what is not there; the trail knows the difference."""
    client.force_login(cast.charlie)
    hidden = asked_for(cast)[noun]
    absent = ABSENT.get(noun, uuid.uuid4())

    def ask(pk: Any) -> list[Any]:
        found = [client.get(f"/api/v1/{REST[noun]}/{pk}")]
        return found + ([client.get(reverse(PAGES[noun], args=[pk]))] if noun in PAGES else [])

    before = Event.objects.count()
    assert {answer.status_code for answer in ask(absent)} == {404}
    assert Event.objects.count() == before
    told = ask(hidden)
    assert {answer.status_code for answer in told} == {404}
    assert told[0].json()["detail"] == ask(absent)[0].json()["detail"]
    [event] = Event.objects.all()[: Event.objects.count() - before]  # page and REST fold into one
    assert (event.verb, event.outcome, event.actor) == (f"{noun}.find", "denied", cast.charlie)
    assert (event.object_pk, event.data["reason"]) == (str(hidden), "hidden")


def test_in_the_admin_too(client, cast):
    """Dana audits, and sees no key of others."""
    client.force_login(cast.dana, "accounts.backend.SignInBackend")
    key = asked_for(cast)["api_key"]
    before = Event.objects.filter(outcome="denied").count()
    for absent in (uuid.uuid4(), "nonsense"):
        there = reverse("admin:accounts_apikey_change", args=[absent])
        assert client.get(there).status_code == 302
    assert Event.objects.filter(outcome="denied").count() == before
    assert client.get(reverse("admin:accounts_apikey_change", args=[key])).status_code == 302
    event = Event.objects.filter(outcome="denied").get()
    assert (event.verb, event.actor, event.door) == ("api_key.find", cast.dana, "admin")


def test_a_hidden_key_is_not_revoked_and_a_hidden_file_not_fetched(client, cast):
    key = asked_for(cast)["api_key"]
    version = versions.open_version(registry.by_uid(cast.alice, cast.scans.uid), by=cast.alice)
    files.upload(version, "a.csv", [b"a"], by=cast.alice)
    client.force_login(cast.charlie)
    assert client.post(reverse("key_revoke", args=[key])).status_code == 404
    assert client.get(reverse("key_new"), {"service": "scoring"}).status_code == 404
    with pytest.raises(Http404):
        registry.file(cast.bob, version, "a.csv")
    denied = Event.objects.filter(outcome="denied", data__reason="hidden")
    assert {(event.verb, event.actor_repr) for event in denied} == {
        ("api_key.find", "charlie"),
        ("service_account.find", "charlie"),
        ("file.find", "bob"),
    }
    assert ApiKey.objects.get(pk=key).revoked_at is None
