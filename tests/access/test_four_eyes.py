"""Four eyes in the database itself, and two people at the same moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from psycopg.errors import CheckViolation, UniqueViolation

from access.actions import requests
from access.models import AccessRequest
from accounts.actions import grants
from accounts.models import Grant, Resource, User
from registry.actions import states
from registry.models import Asset
from tests.cast import gathered, role


@pytest.fixture
def request_of_bob(transactional_db) -> AccessRequest:
    """Committed, so that the owner's session and other threads see it."""
    cast = gathered()
    states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    found: AccessRequest = requests.submit(
        Resource.objects.get(pk=cast.scans.pk),
        role("reader"),
        purpose="research",
        justification="to look",
        by=cast.bob,
    )
    return found


DECIDE = """update access_approvalstep set decision = 'approved', decided_at = now(),
    decided_by_id = (select id from accounts_user where username = %s)
    where request_id = %s and position = any(%s)"""


def test_the_requester_cannot_be_written_as_approver(request_of_bob, owner):
    with pytest.raises(CheckViolation, match="four_eyes"):
        owner.execute(DECIDE, ["bob", request_of_bob.pk, [1]])


def test_one_person_cannot_be_written_as_both(request_of_bob, owner):
    with pytest.raises(UniqueViolation, match="each_step_another_person"):
        owner.execute(DECIDE, ["petra", request_of_bob.pk, [1, 2]])


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("update access_approvalstep set decision = 'approved'", "step_decided_by_somebody"),
        (
            "update access_accessrequest set status = 'approved', decided_at = now()",
            "approved_means_granted",
        ),
        ("update access_accessrequest set status = 'rejected'", "decided_requests_say_when"),
        ("update access_accessrequest set grant_id = gen_random_uuid()", "approved_means_granted"),
    ],
)
def test_half_a_decision_cannot_be_written(request_of_bob, owner, sql, constraint):
    with pytest.raises(CheckViolation, match=constraint):
        owner.execute(sql)


def at_once(request: AccessRequest, people: list[str]) -> list[Any]:
    """All of them approve at the same moment, each on a connection of their own."""
    barrier, outcomes = threading.Barrier(len(people)), []

    def decide(username: str) -> None:
        try:
            person = User.objects.get(username=username)
            barrier.wait(10)
            outcomes.append(requests.approve(request, by=person).status)
        except (ValidationError, PermissionDenied) as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(outcomes)


def test_two_stewards_at_once_decide_one_step(request_of_bob):
    cast = gathered()
    grants.give(role("steward"), cast.dana, cast.oncology, by=cast.erin)
    assert at_once(request_of_bob, ["alice", "dana"]) == ["NotYours", "pending"]
    assert request_of_bob.steps.filter(decision="approved").count() == 1


def test_the_same_person_twice_at_once_decides_once(request_of_bob):
    assert at_once(request_of_bob, ["alice", "alice"]) == ["NotYours", "pending"]


def test_the_two_steps_at_once_open_one_grant(request_of_bob):
    assert at_once(request_of_bob, ["alice", "petra"]) == ["approved", "pending"]
    assert Grant.objects.filter(origin="request").count() == 1
    assert AccessRequest.objects.get().status == "approved"
