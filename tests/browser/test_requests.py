"""Asking and deciding, by keys, by mouse and without script."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from access import queries
from access.actions import requests
from access.models import AccessRequest
from access.rules import reviewers
from accounts.actions import grants, groups, people
from accounts.models import Grant, User
from tests.browser.world import ask, publish
from tests.cast import role

SCANS = "oncology/ct-scans"
ASKED = {
    "resource": SCANS,
    "role": "reader",
    "purpose": "model_training",
    "days": "30",
    "justification": "Train the nodule finder",
}


@pytest.fixture
def others(cast):
    """Two more who may ask."""
    found = []
    for name in ("nina", "tom"):
        person = people.invite(username=name, email=f"{name}@example.org", by=cast.erin)
        groups.add_member(cast.researchers, person, by=cast.erin)
        found.append(person)
    return found


@pytest.mark.django_db(transaction=True)
def test_asked_approved_twice_and_open(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    publish(cast)
    signed_in(page, cast.bob)
    page.goto(live_server.url + reverse("request_new") + f"?resource={SCANS}")
    page.get_by_text("Petra").wait_for()
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("button", name="Send the request").click()
    page.get_by_role("alert").wait_for()
    assert_accessible(page)
    page.get_by_label("Purpose").select_option("model_training")
    page.get_by_label("Why you need it").fill("Train the nodule finder")
    page.get_by_role("button", name="Send the request").click()
    page.get_by_text("Waits for Alice").wait_for()
    assert_accessible(page)
    assert_narrow(page)

    for person, left in ((cast.alice, "pending"), (cast.petra, "approved")):
        signed_in(page, person)
        page.goto(live_server.url + reverse("inbox"))
        expect(page.get_by_role("button", name="Approve")).to_be_in_viewport()
        assert_accessible(page)
        assert_narrow(page)
        page.keyboard.press("a")
        page.get_by_role("heading", name="Nothing waits for you").wait_for()
        assert AccessRequest.objects.get().status == left
        assert Grant.objects.filter(user=cast.bob).exists() is (left == "approved")
        assert_accessible(page)
    assert page.locator("#count-i").is_hidden()


@pytest.mark.django_db(transaction=True)
def test_rejecting_takes_a_reason_and_shows_the_next(
    page, live_server, signed_in, assert_accessible, cast, others
):
    publish(cast)
    first, second, third = (ask(cast, by=person) for person in (cast.bob, *others))
    signed_in(page, cast.alice)
    page.goto(live_server.url + reverse("inbox"))
    page.keyboard.press("j")
    page.locator(f".detail[data-id='{second.pk}']").wait_for()
    page.get_by_role("button", name="Reject").click()
    page.get_by_text("Say why: the requester reads it.").wait_for()
    assert_accessible(page)
    page.keyboard.press("d")
    page.keyboard.type("Ask again for research")
    page.keyboard.press("Control+Enter")
    page.locator(f".detail[data-id='{third.pk}']").wait_for()
    assert page.locator(f"#row-{second.pk}").count() == 0
    expect(page.locator("#count-i")).to_have_text("2")
    expect(page.locator(".toast")).to_contain_text("Rejected")
    second.refresh_from_db()
    assert second.status == "rejected"
    page.keyboard.press("k")
    page.locator(f".detail[data-id='{first.pk}']").wait_for()


@pytest.mark.django_db(transaction=True)
def test_without_script_and_without_single_keys(browser, page, live_server, signed_in, cast):
    publish(cast)
    ask(cast, by=cast.bob)
    people.set_preferences(cast.alice, theme="", shortcuts=False, by=cast.alice)
    signed_in(page, cast.alice)
    page.goto(live_server.url + reverse("inbox"))
    page.keyboard.press("a")
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    signed_in(plain, cast.alice)
    plain.goto(live_server.url + reverse("inbox"))
    assert not AccessRequest.objects.get().steps.exclude(decision="").exists()
    plain.get_by_role("button", name="Approve").click()
    plain.get_by_text("another person decides too").wait_for()
    assert AccessRequest.objects.get().steps.get(decision="approved").decided_by == cast.alice
    context.close()


def test_a_get_never_decides_and_strangers_see_nothing(client, cast):
    publish(cast)
    asked = ask(cast, by=cast.bob)
    client.force_login(cast.alice)
    decide = reverse("request_decide", args=[asked.pk])
    assert client.get(decide).status_code == 405
    assert client.get(reverse("request_cancel", args=[asked.pk])).status_code == 405
    client.force_login(cast.charlie)
    assert client.get(reverse("request", args=[asked.pk])).status_code == 404
    assert client.post(decide, {"decision": "approve"}).status_code == 404
    client.force_login(cast.bob)
    assert client.post(decide, {"decision": "approve"}).status_code == 403
    asked.refresh_from_db()
    assert asked.status == "pending"


def test_a_second_decision_meets_the_first(client, cast):
    publish(cast)
    asked = ask(cast, by=cast.bob)
    requests.reject(asked, comment="no", by=cast.alice)
    client.force_login(cast.petra)
    answer = client.post(reverse("request_decide", args=[asked.pk]), {"decision": "approve"})
    assert "rejected already" in answer.context["error"]


def test_the_form_offers_what_fits_and_says_what_does_not(client, cast):
    publish(cast)
    client.force_login(cast.bob)
    form = client.get(reverse("request_new"), {"resource": SCANS}).context["form"]
    assert [value for value, _ in form.fields["purpose"].choices] == [
        "", "model_training", "research",
    ]  # fmt: skip
    sent = client.post(reverse("request_new"), ASKED | {"purpose": "marketing", "days": "400"})
    assert {"purpose", "days"} <= set(sent.context["form"].errors)
    assert client.post(reverse("request_new"), ASKED).status_code == 302
    again = client.post(reverse("request_new"), ASKED)
    assert "asked for already" in again.content.decode()


def chosen(client) -> list[str]:
    cards = client.get(reverse("request_new"), {"resource": SCANS}).context["roles"]
    return [card["role"].slug for card in cards if card["chosen"]]


def test_the_first_role_that_is_not_held_is_chosen(client, cast):
    publish(cast)
    client.force_login(cast.bob)
    assert chosen(client) == ["reader"]
    reader = grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    assert chosen(client) == ["deployer"]
    grants.give(role("deployer"), cast.bob, cast.scans, by=cast.erin)
    assert chosen(client) == ["contributor"]
    grants.give(role("contributor"), cast.bob, cast.scans, by=cast.alice)
    assert chosen(client) == []
    grants.revoke(reader, by=cast.alice)
    assert chosen(client) == []  # a contributor holds all that a reader does
    asked = {"resource": SCANS, "role": "reader"}
    page = client.get(reverse("request_new"), asked).context
    assert [card["role"].slug for card in page["roles"] if card["chosen"]] == ["reader"]


def test_what_one_may_not_see_cannot_be_asked_for(client, cast):
    publish(cast)
    client.force_login(cast.charlie)
    assert client.get(reverse("request_new"), {"resource": SCANS}).status_code == 404
    assert client.post(reverse("request_new"), ASKED).context["form"].errors["resource"]
    assert not AccessRequest.objects.exists()


def test_alice_asks_for_her_service(client, cast):
    publish(cast)
    client.force_login(cast.alice)
    sent = client.post(reverse("request_new"), ASKED | {"subject": "scoring"})
    assert "has no owner or steward other than you" in sent.content.decode()


def test_taken_back(client, cast):
    publish(cast)
    asked = ask(cast, by=cast.bob)
    client.force_login(cast.bob)
    client.post(reverse("request_cancel", args=[asked.pk]))
    asked.refresh_from_db()
    assert asked.status == "cancelled"
    assert b"Ask again" in client.get(reverse("request", args=[asked.pk])).content


def test_the_inbox_is_what_the_rules_say(cast, others):
    """One query and the rule, step by step: the same answer for everybody."""
    publish(cast)
    first, second = ask(cast, by=cast.bob), ask(cast, by=others[0])
    requests.approve(first, by=cast.alice)
    requests.approve(second, by=cast.petra)
    ask(cast, by=others[1])
    for person in User.objects.all():
        by_rule = {
            request
            for request in AccessRequest.objects.filter(status="pending")
            if any(person in reviewers(step) for step in request.steps.filter(decision=""))
        }
        assert set(queries.waiting(person)) == by_rule, person


@pytest.mark.django_db(transaction=True)
def test_on_a_phone_a_row_leads_to_its_own_page(
    page, live_server, signed_in, assert_accessible, cast
):
    publish(cast)
    asked = ask(cast, by=cast.bob)
    signed_in(page, cast.alice)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_server.url + reverse("inbox"))
    page.locator(".row-main").click()
    page.wait_for_url(f"**/requests/{asked.pk}/")
    expect(page.get_by_role("button", name="Approve")).to_be_in_viewport()
    assert_accessible(page)
