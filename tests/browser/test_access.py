"""Giving and taking access, and roles, in a browser and by the bare forms."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.actions import grants
from accounts.models import Grant, Role
from audit.models import Event
from tests.cast import role

GIVEN = {
    "subject": "bob",
    "resource": "oncology/ct-scans",
    "role": "reader",
    "effect": "allow",
    "reason": "Ticket ML-204",
}


def give(client, **changes):
    return client.post(reverse("grant_new"), GIVEN | changes)


@pytest.mark.django_db(transaction=True)
def test_alice_gives_access_and_takes_it_back(
    page, live_server, signed_in, assert_accessible, cast
):
    signed_in(page, cast.alice)
    page.goto(live_server.url + reverse("grant_new") + "?subject=bob&resource=oncology/ct-scans")
    page.get_by_label("Reader").check()
    page.get_by_label("Reason").fill("Ticket ML-204")
    assert_accessible(page)
    page.get_by_role("button", name="Give access").click()
    page.get_by_role("heading", name="Bob holds Reader on oncology/ct-scans").wait_for()
    assert page.get_by_text("grant.open").is_visible()
    page.get_by_text("Revoke", exact=True).first.click()
    page.get_by_label("Reason").fill("Done with it")
    assert_accessible(page)
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("Done with it").first.wait_for()
    assert Grant.objects.get(user=cast.bob, role__slug="reader").closed_reason == "Done with it"


@pytest.mark.django_db(transaction=True)
def test_the_list_narrows_as_one_types(page, live_server, signed_in, cast):
    signed_in(page, cast.erin)
    page.goto(live_server.url + reverse("grants"))
    page.get_by_role("searchbox").press_sequentially("petra")
    page.wait_for_url("**q=petra**")
    assert page.locator(".row").count() == 1
    assert "Petra" in page.locator(".row").inner_text()


def test_what_is_wrong_stands_at_its_field(client, cast):
    client.force_login(cast.alice)
    page = give(client, subject="nobody", expires_at="2020-01-01T00:00", role="")
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"subject", "role"}
    page = give(client, expires_at="2020-01-01T00:00")
    assert page.status_code == 422 and set(page.context["form"].errors) == {"expires_at"}
    assert not Grant.objects.filter(user=cast.bob, role__slug="reader").exists()


def test_a_group_is_a_subject_and_a_deny_is_a_grant(client, cast):
    client.force_login(cast.alice)
    assert give(client, subject="group:researchers", effect="deny").status_code == 302
    grant = Grant.objects.get(group=cast.researchers, effect="deny")
    assert client.get(reverse("grant", args=[grant.pk])).status_code == 200


def test_nobody_gives_to_themselves(client, cast):
    client.force_login(cast.alice)
    assert give(client, subject="alice").status_code == 403
    assert Event.objects.filter(verb="grant.open", outcome="denied", actor=cast.alice).exists()


def test_only_givers_see_the_form(client, cast):
    client.force_login(cast.charlie)
    assert client.get(reverse("grant_new")).status_code == 404
    assert give(client).status_code == 404
    assert Event.objects.filter(outcome="denied", actor=cast.charlie).exists()


def test_a_grant_is_for_its_holder_and_for_who_answers(client, cast):
    grant = grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    for person, status in ((cast.bob, 200), (cast.dana, 200), (cast.charlie, 404)):
        client.force_login(person)
        assert client.get(reverse("grant", args=[grant.pk])).status_code == status
        listed = client.get(reverse("grants")).context["rows"]
        assert (grant.pk in {row["id"] for row in listed}) is (status == 200)


def test_bob_may_renounce_and_the_trail_stays_hidden_from_him(client, cast):
    grant = grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    client.force_login(cast.bob)
    page = client.get(reverse("grant", args=[grant.pk]))
    assert page.context["events"] == []
    assert (
        client.post(reverse("grant", args=[grant.pk]), {"comment": "moved on"}).status_code == 302
    )
    grant.refresh_from_db()
    assert grant.status == "revoked"
    again = client.post(reverse("grant", args=[grant.pk]), {"comment": "again"})
    assert again.status_code == 422


@pytest.mark.parametrize("status", ["active", "scheduled", "expired", "revoked", "all", "nonsense"])
def test_the_list_knows_each_status(client, cast, status):
    client.force_login(cast.erin)
    page = client.get(reverse("grants"), {"status": status, "cursor": "forged"})
    assert page.status_code == 200
    assert bool(page.context["rows"]) is (status in ("active", "all"))


def test_a_role_is_made_and_changed_by_erin_only(client, cast):
    sent = {"slug": "curator", "name": "Curator", "permissions": ["discover", "read", "edit"]}
    client.force_login(cast.alice)
    assert client.post(reverse("role_new"), sent).status_code == 404
    client.force_login(cast.erin)
    assert client.post(reverse("role_new"), sent | {"slug": "new"}).status_code == 422
    assert client.post(reverse("role_new"), sent).status_code == 302
    address = reverse("role", args=["curator"])
    grown = {"name": "Curator", "permissions": ["discover", "read", "edit", "download"]}
    assert client.post(address, grown).status_code == 422
    changed = {"name": "Curator", "permissions": ["discover", "read"]}
    assert client.post(address, changed).status_code == 200  # first what it would mean
    assert "edit" in Role.objects.get(slug="curator").codenames()
    assert client.post(address, changed | {"confirmed": "yes"}).status_code == 302
    assert Role.objects.get(slug="curator").codenames() == {"discover", "read"}
    assert client.post(reverse("role_retire", args=["curator"])).status_code == 302
    assert client.get(address).context["role"].retired_at is not None


def test_a_built_in_role_says_so_and_stays(client, cast):
    client.force_login(cast.erin)
    address = reverse("role", args=["reader"])
    assert b"Built in" in client.get(address).content
    refused = client.post(address, {"name": "Reader", "permissions": ["grant"]})
    assert refused.status_code == 422
    assert "grant" not in role("reader").codenames()


@pytest.mark.django_db(transaction=True)
def test_every_page_is_accessible_and_fits_a_narrow_screen(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    signed_in(page, cast.erin)
    there = [
        *(
            reverse(name)
            for name in ("grants", "grant_new", "roles", "role_new", "keys", "key_new")
        ),
        *(reverse(name) for name in ("services", "service_new", "people", "groups", "trail")),
        reverse("role", args=["steward"]),
        reverse("group", args=[cast.researchers.pk]),
        reverse("service", args=[cast.scoring.pk]),
    ]
    for address in there:
        page.goto(live_server.url + address)
        assert_accessible(page)
        assert_narrow(page)
