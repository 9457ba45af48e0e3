"""Keys: the secret is in the answer to the POST and nowhere else."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from accounts.models import ApiKey

ASKED = {"name": "laptop", "scopes": ["discover", "read"], "expires_at": "30", "within": ""}


@pytest.mark.django_db(transaction=True)
def test_bob_makes_a_key_sees_it_once_and_revokes_it(
    page, live_server, signed_in, assert_accessible, cast
):
    signed_in(page, cast.bob)
    page.goto(live_server.url + reverse("key_new"))
    page.get_by_role("textbox", name="Name").fill("laptop")
    assert_accessible(page)
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator("#secret-value").inner_text()
    assert secret.startswith("gthp_") and secret in page.locator("#secret-curl").inner_text()
    assert_accessible(page)
    page.get_by_role("link", name="I have stored it").click()
    page.get_by_role("rowheader", name="laptop").wait_for()
    assert secret not in page.content() and secret.split("_")[1] in page.content()
    page.locator("summary", has_text="Revoke").click()
    assert_accessible(page)
    page.get_by_role("button", name="Revoke the key").click()
    page.get_by_text("No keys yet").wait_for()
    assert ApiKey.objects.get(owner=cast.bob).status == "revoked"


def test_the_secret_is_not_cached_and_not_in_the_session(client, cast):
    client.force_login(cast.bob)
    answer = client.post(reverse("key_new"), ASKED)
    assert answer.status_code == 201 and answer["Cache-Control"] == "no-store"
    secret = answer.context["secret"]
    kept = "".join(str(session.get_decoded()) for session in Session.objects.all())
    assert secret not in kept
    assert secret.encode() not in client.get(reverse("keys")).content


def test_what_is_wrong_stands_at_its_field(client, cast):
    client.force_login(cast.bob)
    wrong = {"name": "", "scopes": ["everything"], "expires_at": "4000", "within": "no/where"}
    page = client.post(reverse("key_new"), wrong)
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"name", "scopes", "expires_at", "within"}
    assert not ApiKey.objects.filter(owner=cast.bob).exists()


def test_alice_makes_a_client_secret_for_her_service(client, cast):
    client.force_login(cast.alice)
    address = reverse("key_new") + "?service=scoring"
    answer = client.post(address, ASKED | {"kind": "c", "expires_at": "365"})
    assert answer.context["secret"].startswith("gthc_")
    assert "client_credentials" in answer.context["curl"]
    assert client.get(reverse("service", args=[cast.scoring.pk])).status_code == 200


def test_others_make_and_revoke_no_key_of_it(client, cast):
    client.force_login(cast.alice)
    client.post(reverse("key_new") + "?service=scoring", ASKED | {"kind": "s"})
    key = ApiKey.objects.get(owner=cast.scoring.user)
    client.force_login(cast.bob)
    assert client.get(reverse("key_new") + "?service=scoring").status_code == 404
    assert client.post(reverse("key_revoke", args=[key.pk])).status_code == 404
    client.force_login(cast.erin)
    assert client.post(reverse("key_revoke", args=[key.pk])).status_code == 302
    key.refresh_from_db()
    assert key.status == "revoked"


def test_a_get_never_revokes(client, cast):
    client.force_login(cast.bob)
    client.post(reverse("key_new"), ASKED)
    key = ApiKey.objects.get(owner=cast.bob)
    assert client.get(reverse("key_revoke", args=[key.pk])).status_code == 405
