"""Given or denied, ended or lifted: mail, pages and forms say which, and what bounds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from accounts.actions import grants
from accounts.decision import decide
from accounts.grants import Reach
from accounts.models import Grant, Resource
from accounts.permissions import Permission
from registry.actions import states
from tests.cast import role
from tests.rest import caller, refused

PLACE = "oncology/ct-scans"
Letter = Callable[[Callable[[], Any]], EmailMessage]


@pytest.fixture
def letter(django_capture_on_commit_callbacks: Any) -> Iterator[Letter]:
    """The one mail that an act sends, once it has committed."""
    before = current_app.conf.task_always_eager
    current_app.conf.task_always_eager = True

    def sent(act: Callable[[], Any]) -> EmailMessage:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            act()
        [found] = mail.outbox
        return found

    yield sent
    current_app.conf.task_always_eager = before


def deny(cast: Any, **more: Any) -> Grant:
    return grants.give(role("reader"), cast.bob, cast.scans, effect="deny", by=cast.alice, **more)


def test_who_is_denied_reads_that_and_what_is_taken(cast, letter):
    told = letter(lambda: deny(cast, reason="Left the study"))
    assert told.subject == f"bob is denied Reader on {PLACE}"
    assert "(discover, download, read) is refused there, whatever else gives it" in told.body
    assert "Left the study" in told.body and "was given" not in told.body


def test_whose_deny_is_lifted_reads_that_and_is_not_sent_to_ask_again(cast, letter):
    given = deny(cast)
    told = letter(lambda: grants.revoke(given, reason="Back", by=cast.alice))
    assert told.subject == f"bob is no longer denied Reader on {PLACE}"
    assert "What other grants give there counts again." in told.body and "Back" in told.body
    assert "Ask again" not in told.body and "gives nothing" not in told.body


def test_given_extended_suspended_resumed_and_revoked_name_what_bounds_it(cast, letter):
    end, held = timezone.now() + timedelta(days=3), list[Grant]()
    bounds = "versions v1 to v2, for scientific research only"
    reach, later = Reach(1, 2, "ask"), datetime(2131, 5, 3, 10, 30, tzinfo=UTC)

    def give() -> None:
        held.append(
            grants.give(
                role("reader"), cast.bob, cast.scans, by=cast.alice,
                purpose="research", reach=reach, expires_at=end,
            )
        )  # fmt: skip

    def extend() -> None:
        held.append(grants.extend(held[-1], expires_at=later, by=cast.alice))

    for act in (
        give,
        extend,
        lambda: grants.suspend(held[-1], reason="x", by=cast.alice),
        lambda: grants.resume(held[-1], by=cast.alice),
        lambda: grants.revoke(held[-1], by=cast.alice),
    ):
        told = letter(act)
        assert bounds in told.body, told.body
        if act is extend:
            assert f"{bounds}, until 3 May 2131, 10:30 UTC." in told.body


def test_a_grant_without_bounds_names_none(cast, letter):
    told = letter(lambda: grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice))
    assert f"bob was given the role Reader on {PLACE}.\n" in told.body


def test_the_page_of_a_deny_says_what_lifting_does(client, cast):
    states.set_state(cast.scans, "published", by=cast.alice)
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    given, scans = deny(cast), Resource.objects.get(pk=cast.scans.pk)
    client.force_login(cast.alice)
    address = reverse("grant", args=[given.pk])
    page = client.get(address).content.decode()
    assert "Lift the deny" in page and "What other grants give counts again" in page
    assert "Revoke" not in page and "gives nothing" not in page
    assert decide(cast.bob, Permission.READ, scans).reason == "deny_grant"
    page = client.post(address, {"comment": "Back"}, follow=True).content.decode()
    assert "Lifted: what other grants give counts again." in page
    assert "<h2>Lifted</h2>" in page
    assert decide(cast.bob, Permission.READ, scans).allowed


def test_the_page_of_a_grant_says_that_it_gives_nothing_more(client, cast):
    given = grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    client.force_login(cast.alice)
    address = reverse("grant", args=[given.pk])
    assert "It gives nothing from the next request on" in client.get(address).content.decode()
    page = client.post(address, {"comment": "Done"}, follow=True).content.decode()
    assert "Revoked: it gives nothing from the next request on." in page
    assert "<h2>Revoked</h2>" in page


SENT = {"subject": "bob", "resource": PLACE, "role": "reader", "reason": "x"}


@pytest.mark.parametrize(
    ("effect", "title", "done"),
    [
        ("allow", "Give access", f"holds Reader on {PLACE}: no end."),
        ("deny", "Deny access", f"is denied Reader on {PLACE}: no end."),
    ],
)
def test_form_button_and_answer_speak_of_one_effect(client, cast, effect, title, done):
    client.force_login(cast.alice)
    address = reverse("grant_new") + f"?effect={effect}"
    page = client.get(address).content.decode()
    assert f"<h1>{title}</h1>" in page and f'<button class="btn primary">{title}</button>' in page
    page = client.post(address, SENT | {"effect": effect}, follow=True).content.decode()
    assert done in page


def test_a_deny_has_no_end_unless_one_is_chosen(client, cast):
    """As the form stands, sent back as it came: access does not come back by itself."""
    client.force_login(cast.alice)
    for effect, ends in (("allow", True), ("deny", False)):
        form = client.get(reverse("grant_new"), {"effect": effect}).context["form"]
        suggested = form["expires_at"].value()
        assert (suggested is not None) is ends
        sent = SENT | {"effect": form["effect"].value()}
        sent |= {"expires_at": f"{suggested:%Y-%m-%dT%H:%M}"} if suggested else {}
        assert client.post(reverse("grant_new"), sent).status_code == 302
        assert (Grant.objects.get(user=cast.bob, effect=effect).expires_at is not None) is ends


def test_the_form_of_a_deny_says_what_it_takes(client, cast):
    client.force_login(cast.alice)
    page = client.get(reverse("grant_new"), {"effect": "deny"})
    text = page.content.decode()
    assert "whatever else gives it. It takes nothing beyond that role." in text
    assert "stays until somebody lifts it" in text and "access comes back by itself then" in text
    assert "purpose" not in page.context["form"].fields
    offered = {role.slug for role in page.context["form"].fields["role"].queryset}
    assert "reader" in offered and not offered & {"steward", "reviewer", "auditor"}


def test_another_word_for_the_effect_is_an_allow_to_look_at_and_refused_to_send(client, cast):
    client.force_login(cast.alice)
    page = client.get(reverse("grant_new"), {"effect": "perhaps"})
    assert page.status_code == 200 and page.context["title"] == "Give access"
    page = client.post(reverse("grant_new"), SENT | {"effect": "perhaps"})
    assert page.status_code == 422 and "effect" in page.context["form"].errors
    assert "perhaps is not one of the available choices" in page.content.decode()


def test_a_deny_is_for_no_single_purpose(cast):
    """It is asked of before any purpose is, so that one of its own would mean nothing."""
    with pytest.raises(ValidationError, match="every purpose"):
        deny(cast, purpose="research")
    asked = {"role": "reader", "user": "bob", "resource": PLACE, "effect": "deny"}
    refused(caller(cast.alice).post("grants", asked | {"purpose": "research"}), 422, "purpose")
    assert caller(cast.alice).post("grants", asked).status_code == 201
