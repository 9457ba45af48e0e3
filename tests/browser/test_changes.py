"""Grants that change, agreements and answers as of then: in a browser and by the bare forms."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.actions import agreements, grants, roles
from accounts.grants import Reach
from accounts.models import Agreement, Grant, Signature
from audit.models import Event
from registry.actions import assets, projects
from registry.models import Asset
from tests.browser.world import publish
from tests.cast import Cast, role

SCANS = "oncology/ct-scans"


def held(cast: Cast, **how) -> Grant:
    publish(cast)
    return grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice, **how)


def required(cast: Cast) -> Agreement:
    dua = agreements.define(
        slug="dua", kind="data_use", title="Data-use agreement", text="Only here.", by=cast.erin
    )
    assets.edit(cast.scans, required_agreements=["dua"], by=cast.alice)
    return dua


@pytest.mark.django_db(transaction=True)
def test_alice_suspends_resumes_narrows_and_extends(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    grant = held(cast, expires_at=timezone.now() + timedelta(days=30))
    signed_in(page, cast.alice)
    page.goto(live_server.url + reverse("grant", args=[grant.pk]))
    page.get_by_role("link", name="Suspend").click()
    page.get_by_label("Reason").fill("Waits for the ethics vote")
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("button", name="Suspend").click()
    page.get_by_role("heading", name="Suspended").wait_for()
    assert page.get_by_text("Waits for the ethics vote").first.is_visible()
    assert_accessible(page)
    page.goto(live_server.url + reverse("grants") + "?status=suspended")
    assert page.locator(".row").count() == 1
    page.goto(live_server.url + reverse("grant", args=[grant.pk]))
    page.get_by_role("link", name="Resume").click()
    page.get_by_label("Reason").fill("It came")
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("link", name="Narrow").click()
    page.get_by_label("From version").fill("1")
    page.get_by_label("To version").fill("1")
    page.get_by_label("Reason").fill("One is enough")
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("button", name="Narrow").click()
    page.get_by_role("heading", name="What held when").wait_for()
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("link", name="Extend").click()
    assert "UTC, for any purpose, v1." in page.inner_text("main")  # what it starts from
    page.get_by_label("To version").fill("3")
    page.get_by_label("Reason").fill("The next two as well")
    assert_accessible(page)
    page.get_by_role("button", name="Extend").click()
    page.get_by_text("v1 to v3").first.wait_for()
    last = Grant.objects.get(user=cast.bob, role__slug="reader", closed_at=None)
    assert (last.first_version, last.last_version, last.new_versions) == (1, 3, "ask")


@pytest.mark.django_db(transaction=True)
def test_bob_learns_what_he_has_not_signed(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    held(cast)
    dua = required(cast)
    signed_in(page, cast.bob)
    page.goto(live_server.url + reverse("resource", args=[f"{SCANS}@v1"]) + "?tab=versions")
    page.get_by_text("Before the data opens, you need 1 agreement").wait_for()
    assert page.get_by_text("Erin Admin records what you signed.").is_visible()
    assert_accessible(page)
    assert_narrow(page)
    page.goto(live_server.url + reverse("file_download", args=[f"{SCANS}@v1", "data/findings.csv"]))
    page.get_by_role("heading", name="You may not do this").wait_for()
    assert page.get_by_role("link", name="Data-use agreement").is_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Why? Every gate").click()
    page.get_by_role("heading", name="Bob may not download oncology/ct-scans@v1").wait_for()
    assert page.get_by_text("No: An agreement that this requires is not signed").is_visible()
    assert_accessible(page)
    assert_narrow(page)
    page.goto(live_server.url + reverse("request_new") + f"?resource={SCANS}")
    assert page.get_by_role("link", name="Data-use agreement").is_visible()
    assert_accessible(page)
    agreements.record(dua, cast.bob, evidence="file 7", by=cast.erin)
    page.goto(live_server.url + reverse("settings"))
    assert page.get_by_text("file 7").is_visible()
    assert_accessible(page)
    page.goto(live_server.url + reverse("resource", args=[SCANS]))
    assert page.get_by_text("What holds here").is_visible() and page.get_by_text("Signed").count()
    assert_accessible(page)


@pytest.mark.django_db(transaction=True)
def test_erin_defines_and_records(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    signed_in(page, cast.erin)
    page.goto(live_server.url + reverse("agreements"))
    assert_accessible(page)
    page.get_by_role("link", name="New agreement").click()
    page.get_by_label("Short name").fill("ethics-7")
    page.get_by_label("Title").fill("Ethics vote 7")
    page.get_by_label("Kind").select_option("ethics")
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("button", name="Define it").click()
    page.get_by_role("combobox", name="Who signed").fill("bob")
    page.get_by_label("Evidence").fill("Minutes of 3 May")
    page.get_by_role("button", name="Record it").click()
    page.get_by_text("Minutes of 3 May").wait_for()
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_text("Withdraw", exact=True).first.click()
    page.get_by_label("Reason").fill("Left the group")
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_text("Withdrawn", exact=True).wait_for()
    assert Signature.objects.get(user=cast.bob).status == "withdrawn"


@pytest.mark.django_db(transaction=True)
def test_who_what_and_why(page, live_server, signed_in, assert_accessible, assert_narrow, cast):
    held(cast)
    signed_in(page, cast.alice)
    page.goto(live_server.url + reverse("resource", args=[SCANS]) + "?tab=access")
    assert_accessible(page)
    page.get_by_role("link", name="Who can download").click()
    page.locator(".row").first.wait_for()
    assert page.locator(".row").count() == 2
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("link", name="Bob").click()
    page.get_by_text("Allowed", exact=True).wait_for()
    page.get_by_role("link", name="Who gave it, in the trail").click()
    page.get_by_role("heading", name="alice grant.open").wait_for()
    page.goto(live_server.url + reverse("what_can") + "?permission=download&subject=bob")
    assert page.locator(".row").count() == 2  # the scans and their version
    assert_accessible(page)
    assert_narrow(page)


@pytest.mark.django_db(transaction=True)
def test_a_role_is_narrowed_after_a_look(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    publish(cast)
    lab = roles.create(slug="lab", name="Lab", permissions=["discover", "read"], by=cast.erin)
    grants.give(lab, cast.dana, cast.scans, by=cast.alice)
    signed_in(page, cast.erin)
    page.goto(live_server.url + reverse("role", args=["lab"]))
    page.get_by_label("read: read").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Narrow Lab?").wait_for()
    assert page.get_by_text("Dana", exact=True).is_visible()
    assert_accessible(page)
    assert_narrow(page)
    assert lab.codenames() == {"discover", "read"}
    page.get_by_role("button", name="Save it").click()
    page.get_by_text("Saved: every grant").wait_for()
    assert lab.codenames() == {"discover"}


@pytest.mark.django_db(transaction=True)
def test_a_dataset_moves(page, live_server, signed_in, assert_accessible, assert_narrow, cast):
    publish(cast)
    required(cast)
    cardio = projects.register(slug="cardio", owner=cast.bob, by=cast.erin)
    grants.give(role("contributor"), cast.alice, cardio, by=cast.bob)
    signed_in(page, cast.alice)
    page.goto(live_server.url + reverse("resource", args=[SCANS]))
    page.get_by_role("link", name="Move").click()
    page.get_by_label("Project").fill("cardio")
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("button", name="Move").click()
    page.get_by_text("It lies in cardio now").wait_for()
    assert Asset.objects.get(slug="ct-scans").path == "/cardio/ct-scans/"


@pytest.mark.django_db(transaction=True)
def test_all_of_it_works_without_script(browser, live_server, cast, settings):
    """The bare forms: the range in the form of a grant, and a question with its answer."""
    publish(cast)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url + reverse("account_login"))
    page.get_by_label("User name").fill("alice")
    page.locator("input[type=password]").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()
    page.goto(live_server.url + reverse("grant_new") + f"?subject=bob&resource={SCANS}")
    page.get_by_label("Reader").check()
    page.get_by_text("Some versions only").click()
    page.get_by_label("From version").fill("1")
    page.get_by_label("Reason").fill("From the first on")
    page.get_by_role("button", name="Give access").click()
    page.get_by_text("v1 on", exact=True).wait_for()
    page.goto(live_server.url + reverse("explain"))
    page.get_by_label("Person or service").fill("bob")
    page.get_by_label("Permission").select_option("read")
    page.get_by_label("Resource").fill(f"{SCANS}@v1")
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("heading", name="Bob may read oncology/ct-scans@v1").wait_for()
    context.close()


def test_the_past_is_asked_by_the_address(client, cast):
    held(cast)
    client.force_login(cast.alice)
    query = {"subject": "bob", "permission": "download", "resource": SCANS}
    assert client.get(reverse("explain"), query).context["found"].allowed
    before = (timezone.now() - timedelta(days=1)).isoformat()
    assert not client.get(reverse("explain"), query | {"at": before}).context["found"].allowed


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"resource": "oncology/nothing"}, "resource"),
        ({"subject": "nobody"}, "subject"),
        ({"at": "yesterday"}, "at"),
        ({"permission": "fly"}, "permission"),
    ],
)
def test_a_question_that_cannot_be_answered_says_where(client, cast, query, field):
    client.force_login(cast.alice)
    asked = {"permission": "read", "resource": SCANS, "subject": "bob"} | query
    answer = client.get(reverse("explain"), asked)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}


def test_others_are_asked_about_by_reviewers_only(client, cast):
    publish(cast)
    client.force_login(cast.bob)
    asked = {"permission": "read", "resource": SCANS}
    assert client.get(reverse("explain"), asked).status_code == 200
    for name, more in (("explain", {"subject": "alice"}), ("who_can", {})):
        assert client.get(reverse(name), asked | more).status_code == 403
    assert (
        client.get(reverse("what_can"), {"permission": "read", "subject": "alice"}).status_code
        == 422
    )
    client.force_login(cast.charlie)
    for name in ("explain", "who_can"):
        answer = client.get(reverse(name), asked)
        assert answer.status_code == 422 and "oncology/ct-scans" in answer.content.decode()
        assert answer.context["form"].errors["resource"]
    assert Event.objects.filter(verb="resource.find", actor=cast.charlie, outcome="denied").exists()


def test_the_verbs_of_a_grant_are_for_those_who_give(client, cast):
    grant = held(cast, reach=Reach(1, 1, "ask"))
    for person, status in ((cast.bob, 403), (cast.dana, 403), (cast.charlie, 404)):
        client.force_login(person)
        for verb in ("suspend", "resume", "extend"):
            address = reverse(f"grant_{verb}", args=[grant.pk])
            assert client.get(address).status_code == status, (person, verb)
            assert client.post(address, {"reason": "x"}).status_code == status
    client.force_login(cast.bob)
    address = reverse("grant_narrow", args=[grant.pk])
    assert client.get(address).status_code == 200
    wider = {"first_version": 1, "last_version": 2, "reason": "x"}
    assert client.post(address, wider).status_code == 422
    narrower = {"purpose": "research", "reason": "x"}
    assert client.post(address, narrower).status_code == 302


def test_the_trail_leads_to_the_answer_of_then(client, cast):
    held(cast)
    required(cast)
    client.force_login(cast.bob)
    client.get(reverse("file_download", args=[f"{SCANS}@v1", "data/findings.csv"]))
    client.force_login(cast.dana)
    event = Event.objects.filter(outcome="denied", actor=cast.bob).latest("id")
    shown = client.get(event.get_absolute_url()).content.decode()
    assert "As it stood then" in shown
    link = shown.split('href="/explain/?')[1].split('"')[0].replace("&amp;", "&")
    found = client.get(f"/explain/?{link}").context["found"]
    assert (found.subject, found.reason) == (cast.bob, event.data["reason"])


@pytest.mark.django_db(transaction=True)
def test_a_long_answer_fits_the_narrowest_screen(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    """Denies, ranges and purposes: all that a path may say."""
    publish(cast)
    of_two = Reach(2, 3, "ask")
    grants.give(
        role("reader"), cast.bob, cast.scans, purpose="research", reach=of_two, by=cast.alice
    )
    grants.give(
        role("reader"), cast.bob, cast.scans, effect="deny", reason="looked into", by=cast.alice
    )
    signed_in(page, cast.alice)
    asked = f"?subject=bob&permission=download&resource={SCANS}@v1"
    page.goto(live_server.url + reverse("explain") + asked)
    page.get_by_text("Denies it").wait_for()
    assert_accessible(page)
    assert_narrow(page)
