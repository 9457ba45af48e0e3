"""An act: who, by which decision, what; or nothing at all, and the refusal stands."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.actions import grants, groups, people
from accounts.decision import check, site
from accounts.models import Resource, User
from accounts.permissions import Permission
from audit import context, refusals
from audit.acts import Steps, action, slow_action
from audit.context import ForeignDecision, NestedAct, NoDecision, Origin, current, entered
from audit.models import Event
from audit.refusals import keeper
from registry.actions import projects
from tests.acting import do, forget
from tests.cast import role


def newest() -> Event:
    return Event.objects.exclude(kind="change").latest("id")


# --- the signature


def test_by_is_keyword_only_and_without_default():
    def positional(by): ...

    def defaulted(*, by=None): ...

    def missing(who): ...

    for function in (positional, defaulted, missing):
        with pytest.raises(TypeError, match="keyword-only `by`"):
            action("test.signature")(function)


def test_by_is_never_none(cast):
    before = Event.objects.count()
    with pytest.raises(TypeError, match="never None"):
        groups.create(name="x", by=None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        groups.create(name="x")  # type: ignore[call-arg]
    assert Event.objects.count() == before


# --- one act, one event, its diffs under it


def test_an_act_says_who_what_and_by_which_grant(cast):
    with entered(Origin(door="web", address="192.0.2.7", agent="Mozilla")):
        group = groups.create(name="nurses", by=cast.erin)
    act = newest()
    assert (act.verb, act.outcome, act.actor, act.actor_repr) == (
        "group.create",
        "ok",
        cast.erin,
        "erin",
    )
    assert (act.door, str(act.remote_addr), act.agent) == ("web", "192.0.2.7", "Mozilla")
    assert (act.object_repr, act.object_pk) == ("nurses", str(group.pk))
    [passed] = act.decision
    assert (passed["permission"], passed["role"], passed["path"]) == ("manage_people", "admin", "/")
    [diff] = Event.objects.filter(act=act.act, kind="change")
    assert diff.changes["name"] == [None, "nurses"]
    assert (diff.actor, diff.verb, diff.request_id) == (cast.erin, "group.create", act.request_id)


def test_a_child_of_the_tree_has_one_history(cast):
    do(lambda: save_as(cast.oncology, name="Oncology II"), by=cast.erin)
    do(lambda: save_as(Resource.objects.get(pk=cast.oncology.pk), name="III"), by=cast.erin)
    history = Event.objects.filter(kind="change", object_pk=str(cast.oncology.pk), action=1)
    kinds = set(history.values_list("content_type__model", flat=True))
    assert kinds == {"resource"}
    assert [event.changes["name"][1] for event in history.order_by("id")] == ["Oncology II", "III"]


def save_as(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def test_secrets_are_not_in_the_diff(cast):
    do(lambda: save_as(cast.bob, password="pbkdf2$new", name="Robert"), by=cast.erin)
    diff = Event.objects.filter(kind="change").latest("id")
    assert diff.changes == {"name": ["Bob", "Robert"]}


# --- no decision, no commit; no foreign decision either


def test_without_a_decision_nothing_stands(cast):
    with pytest.raises(NoDecision):
        forget(lambda: Group(name="intruders").save(), by=cast.erin)
    assert not Group.objects.filter(name="intruders").exists()
    assert (newest().outcome, newest().data["reason"]) == ("failed", "NoDecision")


def test_a_decision_about_something_else_opens_nothing(cast):
    other = projects.register(slug="cardiology", owner=cast.charlie, by=cast.erin)
    with pytest.raises(ForeignDecision, match="/cardiology/"):
        do(lambda: save_as(other, name="taken"), on=cast.scans, by=cast.alice)
    assert Resource.objects.get(pk=other.pk).name == ""
    assert newest().outcome == "failed"


def test_a_decision_below_does_not_cover_what_is_above(cast):
    with pytest.raises(ForeignDecision):
        do(lambda: save_as(cast.oncology, name="taken"), on=cast.scans, by=cast.alice)


def test_a_decision_does_not_cover_a_sibling_with_a_longer_name(cast):
    longer = projects.register(slug="oncology-2", owner=cast.charlie, by=cast.erin)
    with pytest.raises(ForeignDecision):
        do(lambda: save_as(longer, name="taken"), on=cast.oncology, by=cast.alice)


def test_a_decision_about_a_dataset_covers_no_person_and_no_group(cast):
    for row in (cast.bob, cast.scoring, role("reader")):
        with pytest.raises(ForeignDecision):
            do(row.save, on=cast.scans, by=cast.alice)


def test_a_refused_decision_that_is_swallowed_gives_nothing(cast):
    def work():
        with pytest.raises(PermissionDenied):
            check(cast.alice, Permission.MANAGE_ROLES, site())
        save_as(role("reader"), name="taken")

    with pytest.raises(ForeignDecision):
        do(work, on=cast.scans, by=cast.alice)


def test_acts_do_not_nest(cast):
    with pytest.raises(NestedAct):
        do(lambda: groups.create(name="x", by=cast.erin), by=cast.erin)
    assert not Group.objects.filter(name="x").exists()


# --- refusals stand


def attempt(cast):
    with pytest.raises(PermissionDenied):
        groups.create(name="intruders", by=cast.charlie)


def denied() -> int:
    return Event.objects.filter(outcome="denied", verb="group.create").count()


def test_a_denial_is_one_event_with_its_reason(cast):
    attempt(cast)
    event = newest()
    assert (event.outcome, event.verb, event.actor) == ("denied", "group.create", cast.charlie)
    assert (event.data["reason"], event.resource_path) == ("no_grant", "/")
    assert denied() == 1
    assert not Group.objects.filter(name="intruders").exists()


def test_what_was_written_before_the_denial_is_undone(cast):
    def work():
        Group(name="intruders").save()
        check(cast.alice, Permission.MANAGE_PEOPLE, site())

    with pytest.raises(PermissionDenied):
        do(work, on=cast.scans, by=cast.alice)
    assert not Group.objects.filter(name="intruders").exists()
    assert newest().outcome == "denied"
    assert not Event.objects.filter(object_repr="intruders").exists()


@pytest.mark.django_db(transaction=True)
def test_a_denial_outlives_the_transaction_of_somebody_else(cast):
    with keeper(), pytest.raises(ZeroDivisionError), transaction.atomic():
        attempt(cast)
        assert denied() == 0
        raise ZeroDivisionError
    assert denied() == 1


@pytest.mark.django_db(transaction=True)
def test_a_door_that_keeps_nothing_is_loud(cast):
    with pytest.raises(RuntimeError, match="keeps no events"), transaction.atomic():
        groups.create(name="intruders", by=cast.charlie)


def test_a_broken_rule_is_a_failed_event(cast):
    with pytest.raises(ValidationError):
        groups.create(name="", by=cast.erin)
    event = newest()
    assert (event.outcome, event.verb) == ("failed", "group.create")


def test_the_text_of_an_unforeseen_error_stays_out_of_the_trail(cast):
    with pytest.raises(ZeroDivisionError):
        do(lambda: (_ for _ in ()).throw(ZeroDivisionError("gths_secret")), by=cast.erin)
    assert (newest().outcome, newest().message) == ("failed", "ZeroDivisionError")


def test_repetitions_fold_into_one_later_event(cast):
    for _ in range(5):
        attempt(cast)
    assert denied() == 1
    assert refusals.flush() == 1
    assert denied() == 2
    later = newest()
    assert (later.data["count"], later.actor, later.data["reason"]) == (4, cast.charlie, "no_grant")
    assert refusals.flush() == 0


def test_another_persons_or_another_refusal_does_not_fold(cast):
    attempt(cast)
    with pytest.raises(PermissionDenied):
        groups.create(name="intruders", by=cast.bob)
    with pytest.raises(PermissionDenied):
        people.invite(username="x", email="x@example.org", by=cast.charlie)
    assert Event.objects.filter(outcome="denied").count() == 3


def test_without_redis_nothing_folds_and_nothing_is_lost(cast, monkeypatch):
    monkeypatch.setattr(refusals, "_redis", refusals.connect("unix:///nonexistent/redis.sock"))
    started = time.monotonic()
    for _ in range(3):
        attempt(cast)
    assert denied() == 3
    assert time.monotonic() - started < 1.5  # a retrying client takes seconds each


def test_a_flush_that_crashed_repeats_and_never_loses(cast, monkeypatch):
    for _ in range(3):
        attempt(cast)

    def crash(**row):
        raise ZeroDivisionError

    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr(Event.objects, "create", crash)
        refusals.flush()
    assert refusals.flush() == 1
    assert newest().data["count"] == 2


def test_a_success_after_refusals_is_an_event_of_its_own(cast):
    with pytest.raises(PermissionDenied):
        grants.give(role("reader"), cast.bob, cast.scans, by=cast.charlie)
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    outcomes = Event.objects.filter(verb="grant.open", kind="act").order_by("id")
    assert [event.outcome for event in outcomes][-2:] == ["denied", "ok"]


def test_the_actor_stays_readable_when_the_person_is_renamed(cast):
    groups.create(name="nurses", by=cast.erin)
    do(lambda: save_as(User.objects.get(pk=cast.erin.pk), username="erina"), by=cast.erin)
    assert Event.objects.filter(verb="group.create", actor_repr="erin").exists()


def test_outside_a_door_each_event_has_a_call_of_its_own(cast):
    assert context.origin().request_id != context.origin().request_id


@slow_action("test.slow")
def slow(seen: list[object], *, by: User) -> Steps[str]:
    check(by, Permission.MANAGE_PEOPLE, site())
    seen.append(current())
    yield
    seen.append(current())
    check(by, Permission.MANAGE_PEOPLE, site())
    return "done"


def test_a_slow_act_opens_with_its_second_step(cast):
    seen: list[object] = []
    assert slow(seen, by=cast.erin) == "done"
    act = Event.objects.filter(verb="test.slow").get()
    assert [getattr(found, "uid", None) for found in seen] == [None, act.act]
    assert len(act.decision) == 1  # that of the first step let nobody write
    with pytest.raises(PermissionDenied):
        slow(seen := [], by=cast.bob)
    assert seen == []
    assert Event.objects.filter(verb="test.slow", outcome="denied", actor=cast.bob).count() == 1


def test_a_decision_before_the_act_commits_nothing(cast):
    @slow_action("test.trusting")
    def trusting(*, by: User) -> Steps[None]:
        check(by, Permission.MANAGE_PEOPLE, site())
        yield

    with pytest.raises(NoDecision):
        trusting(by=cast.erin)


def test_an_act_has_two_steps_at_most(cast):
    @slow_action("test.thrice")
    def thrice(*, by: User) -> Steps[None]:
        yield
        check(by, Permission.MANAGE_PEOPLE, site())
        yield

    with pytest.raises(TypeError, match="one `yield`"):
        thrice(by=cast.erin)
