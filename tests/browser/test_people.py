"""People, groups, services and settings as pages."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.actions import groups
from accounts.models import ServiceAccount, User
from accounts.queries import members


@pytest.mark.django_db(transaction=True)
def test_erin_invites_and_deactivates(page, live_server, signed_in, assert_accessible, cast):
    signed_in(page, cast.erin)
    page.goto(live_server.url + reverse("person_invite"))
    page.get_by_label("User name").fill("frida")
    page.get_by_label("Mail address").fill("frida@example.org")
    assert_accessible(page)
    page.get_by_role("button", name="Send the invitation").click()
    page.get_by_role("heading", name="frida").wait_for()
    page.locator("summary", has_text="Deactivate").click()
    page.get_by_label("Reason").fill("Left")
    assert_accessible(page)
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_text("Reactivate", exact=True).first.wait_for()
    assert not User.objects.get(username="frida").is_active


@pytest.mark.django_db(transaction=True)
def test_settings_switch_the_single_keys_off(page, live_server, signed_in, assert_accessible, cast):
    signed_in(page, cast.bob)
    page.goto(live_server.url + reverse("settings"))
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save preferences").click()
    page.get_by_text("Saved.").wait_for()
    assert_accessible(page)
    cast.bob.refresh_from_db()
    assert (cast.bob.shortcuts, cast.bob.theme) == (False, "dark")
    page.keyboard.press("?")
    assert not page.locator("#shortcuts").is_visible()


def test_people_are_for_those_who_manage_or_audit(client, cast):
    bob = reverse("person", args=[cast.bob.pk])
    for person, status in (
        (cast.erin, 200),
        (cast.dana, 200),
        (cast.bob, 200),
        (cast.charlie, 404),
    ):
        client.force_login(person)
        assert client.get(bob).status_code == status
    assert [row["id"] for row in client.get(reverse("people")).context["rows"]] == [cast.charlie.pk]
    assert client.get(reverse("person_invite")).status_code == 404
    assert client.post(bob, {"do": "deactivate", "comment": "x"}).status_code == 404
    cast.bob.refresh_from_db()
    assert cast.bob.is_active


def test_a_person_shows_what_they_hold_and_through_what(client, cast):
    client.force_login(cast.dana)
    page = client.get(reverse("person", args=[cast.bob.pk]))
    assert [grant.group for grant in page.context["grants"]] == [cast.researchers]
    assert [m.group for m in page.context["memberships"]] == [cast.researchers]


def test_search_finds_people_by_address(client, cast):
    client.force_login(cast.erin)
    page = client.get(reverse("people"), {"q": "PETRA@example", "status": "active"})
    assert [row["id"] for row in page.context["rows"]] == [cast.petra.pk]


def test_an_address_that_is_taken_is_an_error_at_its_field(client, cast):
    client.force_login(cast.erin)
    sent = {"username": "bob", "email": "new@example.org", "name": ""}
    page = client.post(reverse("person_invite"), sent)
    assert page.status_code == 422 and "username" in page.context["form"].errors


def test_group_members_come_and_go(client, cast):
    client.force_login(cast.erin)
    assert client.post(reverse("groups"), {"name": "radiology"}).status_code == 302
    address = client.post(reverse("groups"), {"name": "pathology"}).url
    assert client.post(address, {"do": "add", "user_name": "charlie"}).status_code == 302
    twice = client.post(address, {"do": "add", "user_name": "charlie"})
    assert twice.status_code == 422
    assert client.post(address, {"do": "remove", "user_name": "charlie"}).status_code == 302
    page = client.get(address)
    assert not page.context["members"] and [m.user for m in page.context["past"]] == [cast.charlie]
    assert client.post(address, {"do": "rename", "name": "tissue"}).status_code == 302


def test_a_group_hides_its_members_from_outsiders(client, cast):
    address = reverse("group", args=[cast.researchers.pk])
    for person, status in ((cast.bob, 200), (cast.alice, 200), (cast.charlie, 404)):
        client.force_login(person)
        assert client.get(address).status_code == status
    assert not members(cast.alice, cast.researchers)
    client.force_login(cast.charlie)
    assert client.post(reverse("groups"), {"name": "mine"}).status_code == 403


def test_erin_cannot_add_herself(client, cast):
    client.force_login(cast.erin)
    group = groups.create(name="radiology", by=cast.erin)
    address = reverse("group", args=[group.pk])
    assert client.post(address, {"do": "add", "user_name": "erin"}).status_code == 403


def test_services_have_an_owner_who_can_change(client, cast):
    client.force_login(cast.erin)
    sent = {"username": "triage", "owner": "alice", "description": "Sorts scans"}
    address = client.post(reverse("service_new"), sent).url
    assert client.get(address).status_code == 200
    assert client.post(address, {"owner": "scoring"}).status_code == 422
    assert client.post(address, {"owner": "bob"}).status_code == 302
    assert ServiceAccount.objects.get(user__username="triage").owner == cast.bob
    client.force_login(cast.charlie)
    assert client.get(address).status_code == 404
    assert client.get(reverse("service_new")).status_code == 404


def test_pages_walk_both_ways(client, cast):
    for number in range(60):
        groups.create(name=f"group-{number:02}", by=cast.erin)
    client.force_login(cast.erin)
    first = client.get(reverse("groups")).context["page"]
    second = client.get(reverse("groups") + first.older).context["page"]
    assert (len(first.rows), len(second.rows), first.newer, second.older) == (50, 11, "", "")
    back = client.get(reverse("groups") + second.newer).context["page"]
    assert [g.pk for g in back.rows] == [g.pk for g in first.rows] and not back.newer


def test_one_sets_ones_own_name(client, cast):
    client.force_login(cast.bob)
    assert client.post(reverse("settings"), {"do": "name", "name": "Bob B."}).status_code == 302
    assert client.get(reverse("settings")).context["user"].label == "Bob B."
