"""Home by role, the shell around every page, and the pages of errors."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.actions import grants
from audit.models import Event
from tests.browser.world import ask, publish
from tests.cast import role


@pytest.mark.django_db(transaction=True)
def test_everybody_has_a_home(page, live_server, signed_in, assert_accessible, assert_narrow, cast):
    publish(cast)
    ask(cast, by=cast.bob)
    for person in (cast.alice, cast.bob, cast.charlie, cast.dana, cast.erin, cast.petra):
        signed_in(page, person)
        page.goto(live_server.url + "/")
        page.get_by_role("heading", name="Hello").wait_for()
        assert_accessible(page)
        assert_narrow(page)


def home(client, person):
    client.force_login(person)
    return client.get("/").context


def test_home_by_role(client, cast):
    publish(cast)
    asked = ask(cast, by=cast.bob)
    grants.give(role("reader"), cast.dana, cast.scans, by=cast.alice)
    alice, bob, dana = (home(client, who) for who in (cast.alice, cast.bob, cast.dana))
    assert list(alice["waiting"]) == [asked] and "health" not in alice
    assert list(bob["requests"]) == [asked] and not bob["decides"] and "steps" not in bob
    assert dana["health"] and "steps" not in dana
    assert Event.objects.filter(verb="trail.view", actor=cast.dana).count() == 1


def test_an_admin_is_led_through_the_first_steps(client, cast):
    client.force_login(cast.erin)
    steps = client.get("/").context["steps"]
    assert [step.done for step in steps] == [True, True, False, True]
    publish(cast)
    assert not client.get("/").context["steps"]


@pytest.mark.django_db(transaction=True)
def test_the_theme_is_kept(page, live_server, signed_in, cast):
    page.goto(live_server.url + reverse("account_login"))
    page.get_by_role("button", name="Dark").click()
    page.locator("html[data-theme=dark]").wait_for()
    signed_in(page, cast.bob)
    page.goto(live_server.url + "/")
    assert page.locator("html").get_attribute("data-theme") is None
    page.locator(".me summary").click()
    page.get_by_role("button", name="Light").click()
    page.locator("html[data-theme=light]").wait_for()
    cast.bob.refresh_from_db()
    assert cast.bob.theme == "light"


def test_the_theme_leads_nowhere_else(client, cast):
    client.force_login(cast.bob)
    answer = client.post(reverse("theme"), {"theme": "neon", "next": "https://example.org/"})
    assert answer["Location"] == "/"
    assert client.get(reverse("theme")).status_code == 405


def test_a_refusal_says_what_is_missing_and_where_to_ask(client, cast):
    publish(cast)
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    client.force_login(cast.bob)
    missing = client.post(reverse("file_upload", args=["oncology/ct-scans@v1"]))
    assert missing.status_code == 403
    assert b"(upload)" in missing.content and b"requests/new/?resource=oncology" in missing.content


PLAIN = "<html lang=en><title>x</title><main><h1>x</h1>{}</main></html>"
WRONG = {
    "image-alt": '<img src="data:,">',
    "color-contrast": '<p style="color:#777;background:#888">Grey on grey</p>',
    "label": "<input>",
}


@pytest.mark.parametrize("rule", WRONG)
def test_the_check_of_a_page_can_fail(page, assert_accessible, rule):
    page.set_content(PLAIN.format("<p>x</p>"))
    assert_accessible(page)
    page.set_content(PLAIN.format(WRONG[rule]))
    with pytest.raises(AssertionError, match=rule):
        assert_accessible(page)


@pytest.mark.django_db(transaction=True)
def test_pages_of_errors(page, live_server, signed_in, assert_accessible, assert_narrow, cast):
    publish(cast)
    signed_in(page, cast.bob)
    for path in ("/nowhere/", reverse("resource_edit", args=["oncology/ct-scans"])):
        page.goto(live_server.url + path)
        page.get_by_role("heading", level=1).wait_for()
        assert_accessible(page)
        assert_narrow(page)


@pytest.mark.django_db(transaction=True)
def test_the_menu_on_a_phone_and_the_keys_that_go_places(page, live_server, signed_in, cast):
    signed_in(page, cast.alice)
    page.goto(live_server.url + "/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/catalogue/")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Inbox").click()
    page.wait_for_url("**/inbox/")
