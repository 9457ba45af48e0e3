"""Ask, two approvals, a grant, its end; and every way in which a request may not be decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from access import queries
from access.actions import requests
from access.models import AccessRequest
from access.models.requests import UNANSWERED, Status
from access.rules import TRANSITIONS, NotYours, require_transition
from access.tasks import expire
from accounts.actions import grants, groups, keys, people, roles, services
from accounts.decision import allowed
from accounts.models import Grant, Resource, User
from accounts.permissions import Permission
from accounts.queries import system
from audit.models import Event
from registry.actions import assets, states
from registry.models import Asset
from tests.acting import do
from tests.cast import role


@pytest.fixture
def scans(cast) -> Resource:
    states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    return Resource.objects.get(pk=cast.scans.pk)


def ask(scans, by: User, **given) -> AccessRequest:
    stated: dict[str, Any] = {
        "purpose": "model_training",
        "justification": "to train",
        "days": 30,
    } | given
    found: AccessRequest = requests.submit(scans, role("reader"), by=by, **stated)
    return found


def fresh(request: AccessRequest) -> AccessRequest:
    found: AccessRequest = AccessRequest.objects.get(pk=request.pk)
    return found


def may_download(user: User, scans) -> bool:
    return allowed(User.objects.get(pk=user.pk), Permission.DOWNLOAD, scans)


def newest(verb: str) -> Event:
    return Event.objects.filter(kind="act", verb=verb).latest("id")


# --- the way through


def test_nothing_is_open_before_the_last_approval(cast, scans):
    request = ask(scans, cast.bob)
    assert [step.who for step in request.steps.all()] == ["steward", "privacy"]
    assert queries.inbox(cast.alice) == queries.inbox(cast.petra) == [request]
    assert not may_download(cast.bob, scans)

    requests.approve(request, by=cast.alice)
    assert fresh(request).status == "pending"
    assert not Grant.objects.filter(user=cast.bob).exists()
    assert not may_download(cast.bob, scans)
    assert queries.inbox(cast.alice) == []

    requests.approve(request, comment="fine", by=cast.petra)
    request = fresh(request)
    grant = Grant.objects.get(user=cast.bob)
    assert (request.status, request.grant_id) == ("approved", grant.pk)
    assert may_download(cast.bob, scans)
    assert (grant.origin, grant.origin_id, grant.purpose) == (
        "request",
        request.pk,
        "model_training",
    )
    assert grant.expires_at == grant.starts_at + timedelta(days=30)

    grants.revoke(grant, reason="left the study", by=cast.erin)
    assert not may_download(cast.bob, scans)


def test_the_order_of_the_two_does_not_matter(cast, scans):
    request = ask(scans, cast.bob)
    requests.approve(request, by=cast.petra)
    assert request.steps.get(decision="").who == "steward"
    requests.approve(request, by=cast.alice)
    assert fresh(request).status == "approved"


def test_the_trail_tells_the_story(cast, scans):
    request = ask(scans, cast.bob)
    requests.approve(request, by=cast.alice)
    requests.approve(request, by=cast.petra)
    acts = Event.objects.filter(kind="act", verb__startswith="access_request").order_by("id")
    assert [(e.verb, e.actor_repr, e.outcome) for e in acts] == [
        ("access_request.submit", "bob", "ok"),
        ("access_request.approve", "alice", "ok"),
        ("access_request.approve", "petra", "ok"),
    ]
    assert {e.resource_path for e in acts} == {"/oncology/ct-scans/"}
    last = Event.objects.filter(act=acts[2].act, kind="change")
    assert set(last.values_list("content_type__model", flat=True)) == {
        "approvalstep",
        "grant",
        "accessrequest",
    }


def test_what_was_given_while_the_request_waited_is_not_given_twice(cast):
    """One access, one grant: the revoking of one leaves no twin of it."""
    plain = assets.register(cast.oncology, "dataset", slug="weather", by=cast.alice)
    states.set_state(plain, "published", by=cast.alice)
    weather = Resource.objects.get(pk=plain.pk)
    request = ask(weather, cast.bob, purpose="research")
    given = grants.give(role("reader"), cast.bob, weather, purpose="research", by=cast.alice)
    with pytest.raises(ValidationError, match="already"):
        requests.approve(request, by=cast.alice)
    assert fresh(request).status == "pending"
    grants.revoke(given, by=cast.alice)
    assert not may_download(cast.bob, weather)
    requests.approve(request, by=cast.alice)
    assert may_download(cast.bob, weather)


def test_one_step_where_nothing_is_sensitive(cast):
    plain = assets.register(cast.oncology, "dataset", slug="weather", by=cast.alice)
    states.set_state(plain, "published", by=cast.alice)
    request = ask(Resource.objects.get(pk=plain.pk), cast.bob)
    assert [step.who for step in request.steps.all()] == ["steward"]
    requests.approve(request, by=cast.alice)
    assert fresh(request).status == "approved"


def test_a_project_reaches_the_health_data_in_it(cast):
    """Bob asks for the whole project instead of the dataset: Petra is asked all the same."""
    request = ask(Resource.objects.get(pk=cast.oncology.pk), cast.bob)
    assert [step.who for step in request.steps.all()] == ["steward", "privacy"]
    requests.approve(request, by=cast.alice)
    assert fresh(request).status == "pending"
    assert not Grant.objects.filter(user=cast.bob, role=role("reader")).exists()


def test_for_a_service_by_whoever_answers_for_it(cast, scans):
    grants.give(role("steward"), cast.dana, cast.oncology, by=cast.erin)
    request = ask(scans, cast.alice, subject=cast.scoring.user)
    with pytest.raises(NotYours):
        requests.approve(request, by=cast.alice)
    requests.approve(request, by=cast.dana)
    requests.approve(request, by=cast.petra)
    assert may_download(cast.scoring.user, scans)
    assert not Grant.objects.filter(user=cast.alice, resource=scans, role=role("reader")).exists()


def test_reject_ends_it_and_says_why(cast, scans):
    request = ask(scans, cast.bob)
    with pytest.raises(ValidationError) as error:
        requests.reject(request, comment="  ", by=cast.petra)
    assert list(error.value.message_dict) == ["comment"]
    requests.reject(request, comment="too broad", by=cast.petra)
    assert fresh(request).status == "rejected"
    assert newest("access_request.reject").message == "too broad"
    with pytest.raises(ValidationError, match="rejected already"):
        requests.approve(request, by=cast.alice)
    assert not may_download(cast.bob, scans)


def test_cancel_is_the_requesters(cast, scans):
    request = ask(scans, cast.bob)
    for other in (cast.alice, cast.erin, cast.charlie):
        with pytest.raises(NotYours):
            requests.cancel(request, by=other)
    requests.cancel(request, by=cast.bob)
    assert fresh(request).status == "cancelled"
    assert ask(scans, cast.bob).status == "pending"


def test_the_unanswered_expires(cast, scans):
    request = ask(scans, cast.bob)
    with pytest.raises(ValidationError):
        requests.expire(request, by=system())
    assert expire() == 0

    def age() -> None:
        request.created_at = timezone.now() - UNANSWERED
        request.save()

    do(age, by=cast.erin)
    assert expire() == 1
    assert fresh(request).status == "expired"
    assert newest("access_request.expire").door == "task"
    with pytest.raises(ValidationError, match="expired already"):
        requests.approve(request, by=cast.alice)


@pytest.mark.parametrize("status", Status)
def test_the_table_of_states(status):
    request = AccessRequest(status=status)
    for target in Status:
        if target in TRANSITIONS[status]:
            require_transition(request, target)
        else:
            with pytest.raises(ValidationError):
                require_transition(request, target)
    assert (TRANSITIONS[status] == ()) == (status not in ("draft", "pending"))


# --- bad requests


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"purpose": "world_domination"}, "purpose"),
        ({"purpose": "marketing"}, "purpose"),
        ({"purpose": ""}, "purpose"),
        ({"justification": "  "}, "justification"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
    ],
)
def test_what_is_wrong_is_named(cast, scans, given, field):
    with pytest.raises(ValidationError) as error:
        ask(scans, cast.bob, **given)
    assert field in error.value.message_dict
    assert not AccessRequest.objects.exists()
    assert newest("access_request.submit").outcome == "failed"


def test_the_same_is_not_asked_for_twice(cast, scans):
    ask(scans, cast.bob)
    with pytest.raises(ValidationError, match="asked for already"):
        ask(scans, cast.bob)


def test_what_one_holds_is_not_asked_for(cast, scans):
    grants.give(role("reader"), cast.bob, scans, by=cast.alice)
    with pytest.raises(ValidationError, match="already"):
        ask(scans, cast.bob)


def test_what_one_may_not_see_is_not_asked_for(cast, scans):
    with pytest.raises(PermissionDenied):
        ask(scans, cast.charlie)


@pytest.mark.parametrize("slug", ["steward", "admin", "system", "member"])
def test_roles_that_are_given_are_not_asked_for(cast, scans, slug):
    with pytest.raises(ValidationError) as error:
        requests.submit(scans, role(slug), purpose="research", justification="x", by=cast.bob)
    assert list(error.value.message_dict) == ["role"]


def test_a_role_retired_meanwhile_is_not_opened(cast):
    oncology = Resource.objects.get(pk=cast.oncology.pk)
    lab = roles.create(slug="lab", name="Lab", permissions=["read"], requestable=True, by=cast.erin)
    request = requests.submit(oncology, lab, purpose="research", justification="x", by=cast.bob)
    requests.approve(request, by=cast.alice)
    roles.retire(lab, by=cast.erin)
    with pytest.raises(ValidationError):
        requests.approve(request, by=cast.petra)
    assert fresh(request).status == "pending"
    assert request.steps.get(who="privacy").decision == ""


def test_a_subject_deactivated_meanwhile_gets_nothing(cast, scans):
    request = ask(scans, cast.bob)
    requests.approve(request, by=cast.alice)
    people.deactivate(cast.bob, by=cast.erin)
    with pytest.raises(ValidationError):
        requests.approve(request, by=cast.petra)
    assert fresh(request).status == "pending"


def test_without_anybody_to_decide_it_is_not_taken(cast, scans):
    grants.revoke(Grant.objects.get(user=cast.petra), by=cast.erin)
    with pytest.raises(ValidationError, match="privacy officer"):
        ask(scans, cast.bob)
    assert not AccessRequest.objects.exists()


# --- whose it is


def test_not_the_requesters_own(cast, scans):
    grants.give(role("steward"), cast.bob, cast.oncology, by=cast.erin)
    request = ask(scans, cast.bob)
    with pytest.raises(NotYours):
        requests.approve(request, by=cast.bob)
    with pytest.raises(NotYours):
        requests.reject(request, comment="x", by=cast.bob)
    denied = newest("access_request.approve")
    assert (denied.outcome, denied.data["reason"]) == ("denied", "four_eyes")


def test_not_with_the_requesters_key(cast, scans):
    grants.give(role("steward"), cast.bob, cast.oncology, by=cast.erin)
    request = ask(scans, cast.bob)
    key = keys.issue(
        cast.bob,
        name="k",
        scopes=["decide_request"],
        expires_at=timezone.now() + timedelta(hours=1),
        by=cast.bob,
    ).key
    cast.bob.credential = key
    with pytest.raises(NotYours):
        requests.approve(request, by=cast.bob)


def test_not_through_a_group_the_requester_alone_sits_in(cast, scans):
    board = groups.create(name="board", by=cast.erin)
    groups.add_member(board, cast.bob, by=cast.erin)
    grants.give(role("steward"), board, cast.oncology, by=cast.erin)
    request = ask(scans, cast.bob)
    with pytest.raises(NotYours):
        requests.approve(request, by=cast.bob)


def test_not_by_the_requesters_service(cast, scans):
    mine = services.register(username="nightly", owner=cast.bob, by=cast.erin)
    grants.give(role("steward"), mine.user, cast.oncology, by=cast.erin)
    request = ask(scans, cast.bob)
    with pytest.raises(NotYours):
        requests.approve(request, by=mine.user)


def test_not_by_any_service(cast, scans):
    """A machine decides for nobody: it has no eyes."""
    grants.give(role("steward"), cast.scoring.user, cast.oncology, by=cast.erin)
    request = ask(scans, cast.bob)
    with pytest.raises(NotYours):
        requests.approve(request, by=cast.scoring.user)


def test_not_by_whoever_the_service_was_handed_to(cast, scans):
    mine = services.register(username="nightly", owner=cast.bob, by=cast.erin)
    request = ask(scans, cast.bob, subject=mine.user)
    services.hand_over(mine, cast.alice, by=cast.erin)
    with pytest.raises(NotYours):
        requests.approve(request, by=cast.alice)


def test_not_both_steps_by_one_person(cast, scans):
    grants.give(role("privacy-officer"), cast.alice, cast.oncology, by=cast.erin)
    request = ask(scans, cast.bob)
    requests.approve(request, by=cast.alice)
    with pytest.raises(NotYours):
        requests.approve(request, by=cast.alice)
    assert fresh(request).status == "pending"


def test_not_by_who_may_not_decide(cast, scans):
    request = ask(scans, cast.bob)
    for person in (cast.charlie, cast.dana, cast.erin):
        with pytest.raises(PermissionDenied):
            requests.approve(request, by=person)


def test_not_by_a_steward_for_the_privacy_officer(cast, scans):
    request = ask(scans, cast.bob)
    requests.approve(request, by=cast.alice)
    grants.give(role("steward"), cast.dana, cast.oncology, by=cast.erin)
    with pytest.raises(NotYours):
        requests.approve(request, by=cast.dana)


def test_a_decided_request_stays_decided(cast, scans):
    request = ask(scans, cast.bob)
    requests.approve(request, by=cast.alice)
    requests.approve(request, by=cast.petra)
    for again in (
        lambda: requests.approve(request, by=cast.petra),
        lambda: requests.reject(request, comment="x", by=cast.petra),
        lambda: requests.cancel(request, by=cast.bob),
        lambda: requests.expire(request, by=system()),
    ):
        with pytest.raises(ValidationError, match="approved already"):
            again()
    assert Grant.objects.filter(user=cast.bob).count() == 1


# --- who hears and sees


@pytest.mark.parametrize("name", ["bob", "alice", "petra", "dana", "erin"])
def test_whom_it_concerns_sees_it(cast, scans, name):
    request = ask(scans, cast.bob)
    assert request in queries.requests(getattr(cast, name))
    assert request not in queries.requests(cast.charlie)
