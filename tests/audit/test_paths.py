"""Every way by which something is changed, read, opened or refused, and the event it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import groups, roles
from accounts.models import Grant
from audit.context import Origin, entered
from audit.models import Event
from audit.seal import rounds
from registry.actions import files, versions
from registry.models import Asset
from tests.audit import jobs
from tests.audit.sealing import told
from tests.cast import PASSWORD, Cast, role
from tests.rest import Caller, caller

SIGN_IN = "accounts.backend.SignInBackend"
ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Left:
    """What an act must have left: its own event and the rows under it."""

    verb: str
    event_class: str
    door: str
    actor: str
    rows: int = 1  # changes under it, at least
    outcome: str = "ok"
    address: str | None = None
    key: bool = False


Walk = Callable[[Cast], None]
PATHS: dict[str, tuple[Walk, Left]] = {}


def path(*left: Any, **more: Any) -> Callable[[Walk], Walk]:
    def keep(walk: Walk) -> Walk:
        PATHS[walk.__name__] = walk, Left(*left, **more)
        return walk

    return keep


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person, SIGN_IN)
    return client


@path("group.create", "management", "web", "erin", address=ADDRESS)
def a_form_on_a_page(cast):
    assert browser(cast.erin).post(reverse("groups"), {"name": "nurses"}).status_code == 302


@path("group.create", "management", "rest", "erin", address=ADDRESS)
def rest_with_a_session(cast):
    answer = Caller(client=browser(cast.erin)).post("groups", {"name": "nurses"})
    assert answer.status_code == 201, answer.content


@path("group.create", "management", "rest", "erin", address=ADDRESS, key=True)
def rest_with_a_key(cast):
    assert caller(cast.erin).post("groups", {"name": "nurses"}).status_code == 201


@path("grant.open", "authorization", "admin", "erin", rows=1, address=ADDRESS)
def the_admin(cast):
    form = {
        "role": role("reader").pk,
        "user": cast.bob.pk,
        "resource": cast.oncology.pk,
        "effect": "allow",
        "starts_at": timezone.now().isoformat(),
        "reason": "x",
    }
    assert browser(cast.erin).post(reverse("admin:accounts_grant_add"), form).status_code == 302


@path("grant.revoke", "authorization", "admin", "erin", address=ADDRESS)
def a_choice_of_rows_in_the_admin(cast):
    grant = Grant.objects.open().get(user=cast.dana)
    chosen = {"action": "revoke", "_selected_action": [str(grant.pk)]}
    page = browser(cast.erin).post(reverse("admin:accounts_grant_changelist"), chosen)
    assert page.status_code in (200, 302)


@path("grant.open", "authorization", "cli", "alice")
def a_command(cast):
    call_command("grant", "reader", "bob", "oncology/ct-scans", "--as", "alice", "--days", "3")


@path("group.create", "management", "task", "erin")
def a_job_of_celery(cast):
    jobs.found("nurses", "erin")


@path("role.create", "authorization", "web", "erin", rows=3)
def many_rows_in_one_act(cast):
    with entered(Origin(door="web")):
        roles.create(slug="lab", name="Lab", permissions=["read", "edit"], by=cast.erin)


@path("group.add_member", "authorization", "web", "erin", rows=1)
def a_row_between_two_tables(cast):
    with entered(Origin(door="web")):
        groups.add_member(cast.researchers, cast.dana, by=cast.erin)


@path("file.upload", "management", "rest", "alice", rows=1, address=ADDRESS, key=True)
def a_stream_of_bytes(cast):
    version = versions.open_version(Asset.objects.get(pk=cast.scans.pk), by=cast.alice)
    answer = caller(cast.alice).put(f"versions/{version.uid}/files/a.csv", b"a")
    assert answer.status_code in (200, 201), answer.content


@path("file.download", "data_access", "rest", "alice", rows=0, address=ADDRESS, key=True)
def a_read_of_data(cast):
    version = versions.open_version(Asset.objects.get(pk=cast.scans.pk), by=cast.alice)
    files.upload(version, "a.csv", [b"a"], by=cast.alice)
    answer = caller(cast.alice).get(f"versions/{version.uid}/files/a.csv")
    assert answer.status_code == 200, answer.content


@path("trail.view", "data_access", "web", "dana", rows=0, address=ADDRESS)
def a_look_at_the_trail(cast):
    assert browser(cast.dana).get(reverse("trail")).status_code == 200


@path("session.open", "authentication", "web", "bob", rows=0, address=ADDRESS)
def signing_in(cast):
    answer = Client().post(reverse("account_login"), {"login": "bob", "password": PASSWORD})
    assert answer.status_code == 302


@path("session.open", "authentication", "web", "bob", rows=0, outcome="denied", address=ADDRESS)
def a_wrong_password(cast):
    Client().post(reverse("account_login"), {"login": "bob", "password": "wrong" * 4})


@path(
    "group.create",
    "management",
    "rest",
    "charlie",
    rows=0,
    outcome="denied",
    address=ADDRESS,
    key=True,
)
def what_one_may_not(cast):
    assert caller(cast.charlie).post("groups", {"name": "x"}).status_code == 403


@path("group.create", "management", "rest", "erin", rows=0, outcome="failed", address=ADDRESS)
def what_a_rule_stops(cast):
    answer = Caller(client=browser(cast.erin)).post("groups", {"name": "researchers"})
    assert answer.status_code in (409, 422)


@pytest.mark.parametrize("name", PATHS)
def test_it_leaves_its_event_with_everything(cast, name):
    walk, left = PATHS[name]
    last = Event.objects.latest("id").id
    walk(cast)
    new = Event.objects.filter(id__gt=last)
    acts = [one for one in new if (one.kind, one.verb) == ("act", left.verb)]
    act = acts[-1]
    found = (act.event_class, act.door, act.actor_repr, act.outcome, act.remote_addr, bool(act.key))
    wanted = (left.event_class, left.door, left.actor, left.outcome, left.address, left.key)
    assert found == wanted
    assert act.request_id is not None
    assert act.act is not None
    if left.outcome == "ok":
        assert act.actor is not None
        assert act.decision, "which decision allowed it"
        assert all({"permission", "path", "rule"} <= set(one) for one in act.decision)
    under = [one for one in new if one.kind == "change" and one.act == act.act]
    assert len(under) >= left.rows
    for one in under:
        same = ("verb", "actor_id", "actor_repr", "door", "key", "request_id", "remote_addr")
        assert [getattr(one, n) for n in same] == [getattr(act, n) for n in same]
        assert one.changes
    assert not new.filter(kind="out_of_band").exists()
    rounds.once()
    assert told() == ""


def test_all_four_classes_are_walked():
    assert {left.event_class for _, left in PATHS.values()} == set(Event.Class.values)
    assert {left.door for _, left in PATHS.values()} == {"web", "rest", "admin", "cli", "task"}
    assert {left.outcome for _, left in PATHS.values()} == set(Event.Outcome.values)


def test_what_the_owner_changes_beside_is_sealed_too(owner):
    """Not in the name of anybody: recorded as what it is."""
    owner.execute("update accounts_user set name = 'Mallory' where username = 'bob'")
    owner.execute("delete from account_emailaddress where email = 'dana@example.org'")
    found = owner.execute(
        "select kind, event_class, verb, actor_repr, door, object_repr from audit_event"
        " where timestamp >= transaction_timestamp() order by id"
    ).fetchall()
    assert found == [
        ("out_of_band", "management", "db.out_of_band", "gatehouse_owner", "db", table)
        for table in ("accounts_user", "account_emailaddress")
    ]
