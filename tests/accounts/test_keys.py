"""The form of a key, what finds it again, and what is wrong with the wrong ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import AuthenticationFailed

from accounts import keys as form
from accounts.actions import keys, people
from accounts.authentication import find_key
from accounts.models import ApiKey
from accounts.rules import MAX_KEY_DAYS

SOON = timedelta(hours=1)
ONE = form.mint("p")
TOO_LONG = timedelta(days=MAX_KEY_DAYS[ApiKey.Kind.PERSONAL] + 1)


def test_what_is_minted_is_parsed():
    for kind in "pstc":
        token = form.mint(kind)
        assert form.parse(token.text) == token
        assert token.text.startswith(f"gth{kind}_")
        assert token.text not in repr(token)


def test_no_two_are_alike():
    assert len({form.mint("p").text for _ in range(200)}) == 200


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(ONE.text) - 1), st.characters())
def test_any_one_changed_character_is_refused(position, character):
    changed = ONE.text[:position] + character + ONE.text[position + 1 :]
    if changed == ONE.text:
        return
    with pytest.raises(form.Malformed):
        form.parse(changed)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(ONE.text) - 1))
def test_a_truncated_key_is_refused(length):
    with pytest.raises(form.Malformed):
        form.parse(ONE.text[:length])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_junk_is_refused_without_a_query(text):
    with pytest.raises(AuthenticationFailed):
        find_key(text)


@pytest.mark.parametrize("around", [" {0}", "{0} ", "{0}\n", "\ufeff{0}", "{0}{0}", "Bearer {0}"])
def test_what_stands_around_it_is_not_forgiven(around):
    with pytest.raises(form.Malformed):
        form.parse(around.format(ONE.text))


def test_the_digest_needs_the_pepper(settings):
    settings.API_KEY_PEPPERS = {1: b"a" * 32, 2: b"b" * 32}
    assert form.newest_pepper() == 2
    assert form.digest(ONE, 1) != form.digest(ONE, 2)


@pytest.fixture
def issued(cast) -> keys.Issued:
    found: keys.Issued = keys.issue(
        cast.bob, name="laptop", scopes=["download"], expires_at=timezone.now() + SOON, by=cast.bob
    )
    return found


def test_a_key_is_found_until_it_is_revoked(cast, issued):
    assert find_key(issued.secret) == issued.key
    keys.revoke(issued.key, by=cast.bob)
    with pytest.raises(AuthenticationFailed):
        find_key(issued.secret)


def test_a_key_of_an_older_pepper_is_found(cast, issued, settings):
    settings.API_KEY_PEPPERS = settings.API_KEY_PEPPERS | {99: b"n" * 32}
    assert find_key(issued.secret) == issued.key


def test_a_key_of_a_deactivated_person_is_dead(cast, issued):
    people.deactivate(cast.bob, by=cast.erin)
    people.reactivate(cast.bob, by=cast.erin)
    with pytest.raises(AuthenticationFailed):
        find_key(issued.secret)


def test_a_secret_of_another_key_does_not_fit(issued):
    """Same key id, a valid checksum, another secret."""
    token = form.parse(issued.secret)
    body = f"gthp_{token.kid}_{form.random(32)}"
    with pytest.raises(AuthenticationFailed):
        find_key(body + form.checksum(body))


def test_another_kind_of_the_same_key_does_not_fit(issued):
    body = issued.secret[:-6].replace("gthp", "gths")
    with pytest.raises(AuthenticationFailed):
        find_key(body + form.checksum(body))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["download", "everything"]}, "scopes"),
        ({"expires_at": timezone.now() - SOON}, "expires_at"),
        (
            {"expires_at": timezone.now() + timedelta(days=MAX_KEY_DAYS[ApiKey.Kind.PERSONAL] + 1)},
            "expires_at",
        ),
        ({"name": ""}, "name"),
        ({"kind": "s"}, "kind"),
        ({"kind": "t"}, "kind"),
        ({"kind": "x"}, "kind"),
    ],
)
def test_what_is_wrong_is_named(cast, wrong, field):
    stated: dict[str, Any] = {
        "name": "laptop",
        "scopes": ["download"],
        "expires_at": timezone.now() + SOON,
    } | wrong
    with pytest.raises(ValidationError) as error:
        keys.issue(cast.bob, by=cast.bob, **stated)
    assert list(error.value.message_dict) == [field]
    assert not ApiKey.objects.exists()
