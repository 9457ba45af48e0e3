"""What is remembered follows each change at once; what must not be remembered is not."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts.actions import grants, groups, keys, people, roles
from accounts.decision import Decision, decide
from accounts.models import Grant, Membership
from accounts.permissions import Permission
from accounts.point import loading, point
from registry.actions import assets, files, projects, states, versions
from tests.acting import do
from tests.cast import role
from tests.deciding.race import beside
from tests.deciding.remembered import remembered
from tests.deciding.world import owner

P = Permission


def test_a_revoke_counts_before_the_call_returns(cast, scans):
    for _ in range(5):
        assert remembered(cast.bob, P.DOWNLOAD, scans).allowed
        grants.revoke(Grant.objects.filter(user=cast.bob).latest("opened_at"), by=cast.alice)
        assert not decide(cast.bob, P.DOWNLOAD, scans).allowed
        grants.give(role("reader"), cast.bob, scans, by=cast.alice)


def test_leaving_a_group(cast, scans):
    grants.give(role("reader"), cast.researchers, scans, by=cast.alice)
    grants.revoke(Grant.objects.get(user=cast.bob), by=cast.alice)
    assert remembered(cast.bob, P.READ, scans).allowed
    groups.remove_member(cast.researchers, cast.bob, by=cast.erin)
    assert remembered(cast.bob, P.READ, scans).reason == "no_grant"


def test_a_group_that_is_deleted(cast, scans):
    """By the owner of the database: the application has no such action."""
    group = groups.create(name="night shift", by=cast.erin)
    groups.add_member(group, cast.charlie, by=cast.erin)
    grants.give(role("reader"), group, scans, by=cast.alice)
    assert remembered(cast.charlie, P.READ, scans).allowed
    with owner() as session:
        for table in ("accounts_grouppermission", "accounts_grant", "accounts_membership"):
            beside(session, f"delete from {table} where group_id = {group.pk}")
            assert remembered(cast.charlie, P.READ, scans).reason == "no_grant"
        beside(session, f"delete from auth_group where id = {group.pk}")
    assert remembered(cast.charlie, P.READ, scans).reason == "no_grant"


def test_a_role_that_is_edited(cast, scans):
    lab = roles.create(slug="lab", name="Lab", permissions=["discover", "download"], by=cast.erin)
    grants.give(lab, cast.charlie, scans, by=cast.alice)
    assert remembered(cast.charlie, P.DOWNLOAD, scans).allowed
    roles.edit(lab, name="Lab", permissions=["discover"], by=cast.erin)
    assert remembered(cast.charlie, P.DOWNLOAD, scans).reason == "no_grant"


def test_whoever_answers_for_a_service_is_deactivated(cast, scans):
    grants.give(role("steward"), cast.dana, cast.oncology, by=cast.erin)
    grants.give(role("reader"), cast.scoring.user, scans, by=cast.dana)
    assert remembered(cast.scoring.user, P.DOWNLOAD, scans).allowed
    people.deactivate(cast.alice, by=cast.erin)
    assert remembered(cast.scoring.user, P.DOWNLOAD, scans).reason == "subject_inactive"


def test_a_version_that_is_withdrawn(cast, scans):
    """It alone: the one beside it goes on, and so does what they lie in."""
    one, other = (versions.open_version(scans, by=cast.alice) for _ in range(2))
    for version in (one, other):
        files.refer(version, "x", uri="s3://b/x", size=1, sha256="0" * 64, by=cast.alice)
        versions.approve(version, by=cast.alice)
        assert remembered(cast.bob, P.DOWNLOAD, version).allowed
    versions.withdraw(one, reason="wrong bytes", by=cast.alice)
    assert remembered(cast.bob, P.DOWNLOAD, one).reason == "resource_withdrawn"
    assert remembered(cast.bob, P.READ, one).allowed  # the card says so
    assert remembered(cast.bob, P.DOWNLOAD, other).allowed
    assert remembered(cast.bob, P.DOWNLOAD, scans).allowed


def test_what_lies_in_something_that_is_withdrawn(cast, scans):
    version = versions.open_version(scans, by=cast.alice)
    assert remembered(cast.alice, P.DOWNLOAD, version).allowed
    states.set_state(scans, "withdrawn", by=cast.alice)
    assert remembered(cast.alice, P.DOWNLOAD, version).reason == "resource_withdrawn"


def test_a_resource_that_moves_takes_what_its_projects_give(cast, scans):
    """With its versions: what the old one gave ends and what the new one gives begins."""
    lab = projects.register(slug="lab", name="Lab", owner=cast.alice, by=cast.erin)
    version = versions.open_version(scans, by=cast.alice)
    grants.give(role("contributor"), cast.charlie, cast.oncology, by=cast.alice)
    grants.give(role("contributor"), cast.petra, lab, by=cast.alice)
    for there, allowed in ((lab, cast.petra), (cast.oncology, cast.charlie)):
        for who in (cast.petra, cast.charlie):  # remembered as it was
            assert remembered(who, P.UPLOAD, scans).allowed is (who != allowed)
            assert remembered(who, P.UPLOAD, version).allowed is (who != allowed)
        scans = assets.move(scans, there, by=cast.alice)
        for who in (cast.petra, cast.charlie):
            assert remembered(who, P.UPLOAD, scans).allowed is (who == allowed)
            assert remembered(who, P.UPLOAD, version).allowed is (who == allowed)


def test_a_key_that_is_revoked(cast, scans):
    end = timezone.now() + timedelta(hours=1)
    key = keys.issue(cast.bob, name="k", scopes=["read"], expires_at=end, by=cast.bob).key
    assert remembered(cast.bob, P.READ, scans, key=key).allowed
    assert remembered(cast.bob, P.DOWNLOAD, scans, key=key).reason == "key_scope"
    keys.revoke(key, by=cast.bob)
    assert remembered(cast.bob, P.READ, scans, key=key).reason == "key_revoked"


# --- what must not be remembered


def test_inside_a_transaction_the_database_answers(cast, scans, monkeypatch):
    """It sees what is not committed, and what is remembered is everybody's."""
    found = point.current()
    assert found is not None

    def inside() -> Decision:
        Membership(user=cast.charlie, group=cast.researchers).save()
        return decide(cast.charlie, P.DISCOVER, cast.oncology)

    with monkeypatch.context() as patch:
        patch.setattr(found, "answer", None)  # not to be called
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert do(inside, by=cast.erin).allowed
            raise ZeroDivisionError
    assert not remembered(cast.charlie, P.DISCOVER, cast.oncology).allowed


def test_inside_a_transaction_where_an_event_loop_runs(cast, scans, monkeypatch):
    """Django keeps other connections there."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    found = point.current()

    async def inside() -> Decision:
        try:
            with transaction.atomic():
                return decide(cast.bob, P.READ, scans)
        finally:
            connections["default"].close()

    assert remembered(cast.bob, P.READ, scans).allowed
    monkeypatch.setattr(found, "answer", None)  # not to be called
    with ThreadPoolExecutor(1) as pool:  # a browser's test may have left a loop in this one
        assert pool.submit(lambda: asyncio.run(inside())).result().allowed


def test_of_several_grants_in_one_place_the_oldest_that_fits_is_named(cast, scans):
    first, second, third = (
        grants.give(role(name), cast.charlie, scans, purpose=purpose, by=cast.alice)
        for name, purpose in (("reader", "research"), ("reader", "model_training"), ("member", ""))
    )

    def named(permission: str, stated: str = "") -> Any:
        return remembered(cast.charlie, permission, scans, purpose=stated).grant_id

    assert named(P.DOWNLOAD) == named(P.DOWNLOAD, "research") == named(P.DISCOVER) == first.pk
    assert named(P.DOWNLOAD, "model_training") == second.pk
    grants.revoke(first, by=cast.alice)
    assert named(P.DOWNLOAD) == named(P.DISCOVER) == second.pk
    assert decide(cast.charlie, P.DOWNLOAD, scans, purpose="research").reason == "grant_purpose"
    grants.revoke(second, by=cast.alice)
    assert named(P.DISCOVER) == third.pk


def test_too_much_to_remember_is_left_to_the_database(cast, scans, monkeypatch):
    monkeypatch.setattr(loading, "MOST", 0)
    found = point.current()
    assert found is not None
    point.forget()
    assert decide(cast.bob, P.READ, scans).allowed
    found = point.current()
    assert found is not None
    assert found.left == found.asked == 1


def test_off_by_a_setting(cast, scans, settings):
    settings.DECISION_POINT = "off"
    point.forget()
    assert decide(cast.bob, P.READ, scans).allowed
    assert point.current() is None
