"""The trail as pages: searched, followed, and itself recorded."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.actions import grants
from audit.actions.trail import view_trail
from audit.models import Event
from audit.search import Search
from tests.cast import role


def views(user):
    return Event.objects.filter(verb__startswith="trail.view", actor=user)


@pytest.mark.django_db(transaction=True)
def test_dana_follows_an_act(page, live_server, signed_in, assert_accessible, cast):
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice, reason="Ticket ML-204")
    signed_in(page, cast.dana)
    page.goto(live_server.url + reverse("trail"))
    page.get_by_role("combobox", name="Search the trail").press_sequentially("actor:alice ML-204")
    page.wait_for_url("**q=actor*")
    page.get_by_text("bob holds reader on oncology/ct-scans").wait_for()
    assert page.locator(".timeline > li").count() == 1
    page.get_by_text("changes").first.click()
    assert page.get_by_text("Grant: role").or_(page.get_by_text("Grant: reason")).first.is_visible()
    assert_accessible(page)
    page.get_by_role("link", name="grant.open").click()
    page.get_by_role("heading", name="By which decision").wait_for()
    page.get_by_text("Raw record").click()
    assert_accessible(page)
    assert page.get_by_role("link", name="steward").is_visible()


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "x, prefetch"])
def test_fetching_ahead_shows_nothing(client, cast, purpose):
    """Else whoever sets this header reads the trail and leaves no record."""
    client.force_login(cast.dana)
    event = Event.objects.filter(verb="grant.open").latest("id")
    pages = [reverse("home"), reverse("trail"), f"{reverse('trail')}?q=verb:grant",
             reverse("event", args=[event.uid]), reverse("event_proof", args=[event.uid]),
             f"{reverse('resource', args=['oncology/ct-scans'])}?tab=activity"]  # fmt: skip
    for address in pages:
        answer = client.get(address, headers={"Sec-Purpose": purpose})
        assert (answer.status_code, answer.content) == (204, b""), address
    assert not Event.objects.filter(actor=cast.dana, event_class="data_access").exists()


def test_looking_is_recorded(client, cast):
    client.force_login(cast.dana)
    page = client.get(reverse("trail"), {"verb": "grant"})
    assert views(cast.dana).get().message == "verb:grant"
    assert {event.verb for event in page.context["events"]} == {"grant.open"}
    client.get(reverse("event", args=[page.context["events"][0].uid]))
    assert views(cast.dana).count() == 2


def test_whoever_may_not_read_it_finds_nothing_and_leaves_a_denial(client, cast):
    client.force_login(cast.charlie)
    assert client.get(reverse("trail")).status_code == 404
    assert views(cast.charlie).get().outcome == "denied"
    event = Event.objects.filter(verb="grant.open").latest("id")
    assert client.get(reverse("event", args=[event.uid])).status_code == 404


def test_a_steward_reads_what_happens_on_hers(client, cast):
    client.force_login(cast.alice)
    page = client.get(reverse("trail"))
    assert page.status_code == 200
    paths = {event.resource_path for event in page.context["events"]}
    assert paths and all(path.startswith("/oncology/") for path in paths)
    elsewhere = Event.objects.filter(verb="person.invite").latest("id")
    assert client.get(reverse("event", args=[elsewhere.uid])).status_code == 404


@pytest.mark.parametrize("name", ["outcome", "since", "until"])
def test_a_wrong_filter_says_what_is_right(client, cast, name):
    client.force_login(cast.dana)
    page = client.get(reverse("trail"), {name: "nonsense"})
    assert page.context["wrong"] and "events" not in page.context


def test_qualifiers_in_the_text_are_fields(client, cast):
    client.force_login(cast.dana)
    page = client.get(reverse("trail"), {"q": "bob actor:erin", "verb": "person.invite"})
    assert [(e.actor_repr, e.verb) for e in page.context["events"]] == [("erin", "person.invite")]
    assert page.context["q"] == "bob actor:erin verb:person.invite"


def test_pages_of_the_trail_walk_both_ways(client, cast):
    client.force_login(cast.dana)
    for _ in range(50):
        view_trail(Search.of("verb:nothing"), by=cast.dana)
    newest = client.get(reverse("trail"), {"actor": "dana"}).context["page"]
    older = client.get(reverse("trail") + newest.older).context["page"]
    assert len(newest.rows) == 40 and older.rows and older.newer
    assert not {e.pk for e in newest.rows} & {e.pk for e in older.rows}


def test_only_the_list_answers_htmx(client, cast):
    client.force_login(cast.dana)
    part = client.get(reverse("trail"), headers={"HX-Request": "true"})
    assert b"<html" not in part.content and "HX-Request" in part["Vary"]
