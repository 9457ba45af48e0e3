"""Signing in: recorded, locked out after five failures, hashes renewed in an act."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.actions import people
from accounts.models import User
from audit.models import Event
from audit.queries import events
from audit.refusals import flush
from audit.search import Search
from tests.acting import holding
from tests.cast import PASSWORD

LOGIN = "/account/login/"


def sign_in(client, name, password):
    return client.post(LOGIN, {"login": name, "password": password})


def newest(verb):
    return Event.objects.filter(verb=verb).latest("id")


def test_a_session_is_an_event(client, cast):
    assert sign_in(client, "bob", PASSWORD).status_code == 302
    event = newest("session.open")
    assert (event.actor, event.outcome, event.event_class) == (cast.bob, "ok", "authentication")
    client.post(reverse("account_logout"))
    assert newest("session.close").actor == cast.bob


def test_a_wrong_password_is_a_denied_event(client, cast):
    assert sign_in(client, "bob", "wrong").status_code == 200
    event = newest("session.open")
    assert (event.actor, event.actor_repr, event.outcome) == (None, "bob", "denied")


def test_the_account_that_was_meant_is_named_however_it_was_spelled(client, cast):
    sign_in(client, " Bob@Example.ORG", "wrong")
    event = newest("session.open")
    assert (event.actor, event.actor_repr, event.outcome) == (None, "bob", "denied")
    assert (event.object_pk, event.content_type.model) == (str(cast.bob.pk), "user")
    assert events(cast.dana, Search.of("actor:bob outcome:denied")).get() == event


@pytest.mark.parametrize("typed", ["charly", "Tr0ub4dor&3x", "nobody@example.org", "x" * 3000])
def test_what_was_typed_for_no_account_is_kept_nowhere(client, cast, typed, caplog):
    """It may be a password in the wrong box, and the trail is for ever."""
    with caplog.at_level("DEBUG"):
        for _ in range(7):  # beyond the lockout
            sign_in(client, typed, "wrong horse")
    flush()
    for text in (typed, typed.lower(), "wrong horse"):
        assert holding(text) == []
        assert text not in caplog.text
    told = Event.objects.filter(verb="session.open", outcome="denied")
    assert len(set(told.values_list("actor_repr", flat=True))) == 1
    assert [event.data.get("count") for event in told.order_by("id")] == [None, 6]


def test_an_auditor_asks_whether_it_was_this_name(client, cast):
    sign_in(client, "Charly", "wrong")
    sign_in(client, "charlie2", "wrong")
    page = browser(cast.dana).get(reverse("trail"), {"q": "typed:charly"})
    (found,) = page.context["events"]
    assert found.actor_repr == page.context["q"].removeprefix("typed:") != ""
    assert holding("charly") == []  # nor by the asking
    (again,) = events(cast.dana, Search.of(f"actor:{found.actor_repr}"))
    assert again == found
    assert not events(cast.dana, Search.of("typed:charl")).exists()


def browser(person):
    client = Client()
    client.force_login(person)
    return client


def test_the_sixth_attempt_is_locked_out_even_with_the_right_password(client, cast):
    for _ in range(5):
        sign_in(client, "bob", "wrong")
    assert sign_in(client, "bob", PASSWORD).status_code in (200, 403, 429)
    assert "_auth_user_id" not in client.session
    other = {"REMOTE_ADDR": "203.0.113.9"}  # the real Bob, elsewhere, is not shut out
    client.post(LOGIN, {"login": "bob", "password": PASSWORD}, **other)
    assert client.session["_auth_user_id"] == str(cast.bob.pk)


def test_an_outdated_hash_is_renewed_in_an_act(client, cast, settings):
    before = cast.bob.password
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert sign_in(client, "bob", PASSWORD).status_code == 302
    assert User.objects.get(pk=cast.bob.pk).password.startswith("pbkdf2") != before
    assert newest("password.rehash").actor == cast.bob


def test_services_and_the_deactivated_sign_in_nowhere(client, cast):
    people.deactivate(cast.bob, by=cast.erin)
    sign_in(client, "bob", PASSWORD)
    assert "_auth_user_id" not in client.session
    sign_in(client, "scoring", "!")
    assert "_auth_user_id" not in client.session


def test_a_session_ends_with_the_deactivation(client, cast):
    sign_in(client, "bob", PASSWORD)
    people.deactivate(cast.bob, by=cast.erin)
    assert client.get("/account/password/change/").status_code == 302  # to sign in


def test_reset_by_mail(client, cast):
    client.post(reverse("account_reset_password"), {"email": cast.bob.email})
    found = re.search(r"https?://[^/]+(/account/\S+/key/\S+)", str(mail.outbox[-1].body))
    assert found
    link = found[1]
    form = client.get(link, follow=True)
    new = "a new and longer passphrase"
    done = client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert done.status_code == 302
    assert User.objects.get(pk=cast.bob.pk).check_password(new)
    assert newest("password.change").actor == cast.bob
