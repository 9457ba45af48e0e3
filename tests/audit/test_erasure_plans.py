"""What a plan takes is the person's, whatever else their name means; the rest is asked about."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command

from accounts.actions import grants, groups, keys, people, roles
from accounts.decision import site
from accounts.models import User
from audit.actions import erasures, keeping
from audit.actions.searches import save_search
from audit.actions.trail import view_trail
from audit.apps import governed_models
from audit.models import Erasure, Event, Hold
from audit.seal import redaction, rounds
from audit.seal.person import named_after
from audit.search import Search
from registry.actions import projects
from tests.acting import rows
from tests.attempts import LATER, gather
from tests.audit.sealing import seal_all, told
from tests.audit.test_redaction import erase, planned
from tests.cast import role


@pytest.fixture
def grant_diabetes(cast):
    """A person whose every name is vocabulary; she holds something, and she left."""
    person = people.invite(
        username="diabetes", email="grant@example.org", name="Grant", by=cast.erin
    )
    keys.issue(person, name="laptop", scopes=["read"], expires_at=LATER, by=person)
    grants.give(role("reader"), person, cast.scans, reason="for her thesis", by=cast.alice)
    view_trail(Search.of("actor:diabetes"), by=cast.dana)
    return person


@pytest.fixture
def others(cast, grant_diabetes):
    """Evidence of other people in which the same words stand."""
    save_search(Search.of("grant"), name="Grant", by=cast.dana)
    view_trail(Search.of("diabetes"), by=cast.dana)
    project = projects.register(slug="diabetes", owner=cast.alice, name="Grant", by=cast.erin)
    groups.create(name="diabetes", by=cast.erin)
    grants.give(role("reader"), cast.bob, project, reason="Grant 12, diabetes study", by=cast.alice)
    people.deactivate(grant_diabetes, by=cast.erin)
    grant_diabetes.refresh_from_db()
    seal_all()
    return [said(event) for event in mentioning()]


def mentioning() -> list[Event]:
    """Everything in which one of the words stands and that is not hers."""
    words = Event.objects.filter(message__icontains="diabetes") | Event.objects.filter(
        object_repr__in=["diabetes", "Grant", "bob holds reader on diabetes"]
    )
    mine = Event.objects.filter(object_repr="diabetes", content_type__model="user")
    return list(
        words.exclude(pk__in=mine).exclude(message="actor:diabetes").order_by("id").defer("words")
    )


def said(event: Event) -> tuple[Any, ...]:
    return event.pk, event.object_repr, event.message, event.changes, event.data, event.actor_repr


def test_vocabulary_takes_nothing_of_anybody_else(cast, grant_diabetes, others):
    assert len(others) >= 8
    erase(cast, grant_diabetes)
    assert [said(event) for event in mentioning()] == others
    assert told() == ""


def test_what_is_hers_goes_by_number_and_whole_value(cast, grant_diabetes, others):
    erase(cast, grant_diabetes)
    left = Event.objects.exclude(pk__in=[row[0] for row in others]).defer("words")
    assert not left.filter(object_repr__icontains="diabetes holds").exists()
    assert not left.filter(object_repr="laptop of diabetes").exists()
    assert not left.filter(message="actor:diabetes").exists()
    assert not left.filter(changes__icontains="grant@example.org").exists()
    assert not Event.objects.filter(actor_repr="diabetes").exists()


def test_how_many_of_which_kind_is_told_before(cast, grant_diabetes, others):
    plan = planned(cast, grant_diabetes).plan
    assert plan["who"] == {"key.issue": 3}
    assert plan["what"]["grant.open"] == 2
    assert {"person.invite", "person.deactivate", "trail.view"} <= set(plan["what"])
    assert "project.register" not in plan["what"]
    events = Event.objects.filter(verb="trail.plan_erasure", kind="act")
    assert events.get().data["digest"] == plan["digest"]
    assert events.get().message.startswith("3 times who")


def test_a_mention_goes_when_somebody_looked_and_chose(cast, grant_diabetes, others):
    mine = Event.objects.get(message=THESIS, kind="act")
    asked = planned(cast, grant_diabetes)
    erasures.plan_erasure(asked, [mention(asked, THESIS)], by=cast.erin)
    rounds.once()
    erasures.redact(asked, asked.plan["digest"], by=cast.petra)
    mine.refresh_from_db()
    assert (mine.message, mine.actor_repr) == ("", "alice")
    left = [said(event) for event in mentioning()]
    assert left == [row for row in others if row[0] != mine.pk]
    assert told() == ""


def leaf_event(seq: int) -> int:
    (found,) = rows("select event_id from audit_leaf where seq = %s", seq)
    return int(found)


def mention(asked: Erasure, message: str) -> int:
    """The listed record that says this."""
    mine = Event.objects.get(message=message, kind="act").pk
    (seq,) = [seq for seq in asked.plan["mentions"] if leaf_event(seq) == mine]
    return int(seq)


THESIS = "Grant 12, diabetes study"


def test_only_what_mentions_them_can_be_chosen(cast, grant_diabetes, others):
    asked = planned(cast, grant_diabetes)
    with pytest.raises(ValidationError, match="Record 0 is none of the mentions"):
        erasures.plan_erasure(asked, [0], by=cast.erin)


def test_a_mention_that_nobody_sees_is_not_chosen(cast, grant_diabetes, others, monkeypatch):
    """What is chosen comes first, and what is not listed stays, whoever knows its number."""
    every = planned(cast, grant_diabetes).plan["mentions"]
    monkeypatch.setattr(redaction, "LISTED", 1)
    asked = planned(cast, grant_diabetes)
    assert (asked.plan["mentions"], asked.plan["unlisted"]) == (every[:1], len(every) - 1)
    with pytest.raises(ValidationError, match=f"Record {every[-1]} is none of the mentions"):
        erasures.plan_erasure(asked, every[-1:], by=cast.erin)
    monkeypatch.setattr(redaction, "LISTED", len(every))
    erasures.plan_erasure(asked, [], by=cast.erin)
    seq = mention(asked, THESIS)
    erasures.plan_erasure(asked, [seq], by=cast.erin)
    monkeypatch.setattr(redaction, "LISTED", 1)
    erasures.plan_erasure(asked, [seq], by=cast.erin)
    assert asked.plan["mentions"] == [seq, next(one for one in every if one != seq)]
    assert asked.plan["unlisted"] == len(every) - 2


def test_a_name_that_is_a_key_of_every_row_mentions_nobody(cast):
    """Who left called herself as the columns of a table are called."""
    ida = people.invite(username="ida", email="ida@example.org", name="Ida", by=cast.erin)
    people.set_name(ida, name="id", by=ida)
    grants.give(role("reader"), cast.bob, cast.scans, reason="Asked for his id", by=cast.alice)
    people.deactivate(ida, by=cast.erin)
    ida.refresh_from_db()
    seal_all()
    assert Event.objects.filter(kind="change", changes__has_key="id").count() > 10
    listed = planned(cast, ida).plan["mentions"]
    found = [Event.objects.get(pk=leaf_event(seq)) for seq in listed]
    assert [(one.verb, one.kind) for one in found] == [
        ("grant.open", "change"),
        ("grant.open", "act"),
    ]


@pytest.mark.parametrize("involved", ["asker", "asker's own row", "approver"])
def test_nobody_blanks_their_own_records(cast, grant_diabetes, involved):
    """By having themselves mentioned first, or by choosing a mention in their own act."""
    if involved == "asker":
        person = people.invite(username="pia", email="p@example.org", by=cast.erin)
        grants.give(role("admin"), person, site(), reason="As diabetes had", by=cast.erin)
    elif involved == "approver":
        keeping.place_hold("oncology", "As diabetes had", by=cast.petra)
        keeping.lift_hold(Hold.objects.get(), by=cast.erin)
    else:
        grants.give(role("reader"), cast.erin, cast.scans, reason="As diabetes had", by=cast.alice)
    people.deactivate(grant_diabetes, by=cast.erin)
    grant_diabetes.refresh_from_db()
    seal_all()
    asked = planned(cast, grant_diabetes)
    seq = mention(asked, "As diabetes had")
    refused = pytest.raises(ValidationError, match=f"Record {seq} is yours or tells of you")
    if involved == "approver":
        erasures.plan_erasure(asked, [seq], by=cast.erin)
        rounds.once()
        with refused:
            erasures.redact(asked, asked.plan["digest"], by=cast.petra)
    else:
        with refused:
            erasures.plan_erasure(asked, [seq], by=cast.erin)
    assert Event.objects.filter(message="As diabetes had").exists()


def test_who_does_not_read_the_trail_chooses_nothing(cast, grant_diabetes, others):
    clerk = roles.create(slug="clerk", name="Clerk", permissions=["manage_people"], by=cast.erin)
    grants.give(clerk, cast.bob, site(), by=cast.erin)
    asked = erasures.ask_erasure(grant_diabetes, "x", by=cast.bob)
    rounds.once()
    erasures.plan_erasure(asked, [], by=cast.bob)
    with pytest.raises(PermissionDenied, match="who read the whole trail"):
        erasures.plan_erasure(asked, [mention(asked, THESIS)], by=cast.bob)


def test_on_the_console_the_second_person_sees_what_was_chosen(cast, grant_diabetes, others):
    asked = planned(cast, grant_diabetes)
    erasures.plan_erasure(asked, [mention(asked, THESIS)], by=cast.erin)
    out = StringIO()
    call_command("redact", "--look", str(asked.pk), "--as", "petra", stdout=out)
    assert out.getvalue().count(THESIS) == 1
    assert Event.objects.filter(verb="trail.view_mentions", actor=cast.petra).count() == 1


def test_the_second_person_approves_exactly_what_they_saw(cast, grant_diabetes, others):
    asked = planned(cast, grant_diabetes)
    seen = asked.plan["digest"]
    erasures.plan_erasure(asked, [mention(asked, THESIS)], by=cast.erin)
    rounds.once()
    with pytest.raises(ValidationError, match="not the plan as it stands"):
        erasures.redact(asked, seen, by=cast.petra)


def test_nobody_else_changes_the_plan(cast, grant_diabetes, others):
    grants.give(role("admin"), cast.petra, cast.scans.parent.parent, by=cast.erin)
    asked = planned(cast, grant_diabetes)
    with pytest.raises(ValidationError, match="by the one who asked"):
        erasures.plan_erasure(asked, [], by=cast.petra)


def test_what_came_after_the_plan_stays_and_is_told(cast, grant_diabetes, others):
    asked = planned(cast, grant_diabetes)
    erasures.preview_erasure(grant_diabetes, by=cast.erin)
    rounds.once()
    erasures.redact(asked, asked.plan["digest"], by=cast.petra)
    assert Event.objects.get(verb="trail.redact", kind="act").data["later"] == 1
    assert Event.objects.get(verb="trail.preview_erasure").object_repr == "diabetes"
    assert told() == ""


def test_a_former_name_goes_too(cast):
    frida = people.invite(username="frida", email="f@example.org", name="Frida K", by=cast.erin)
    people.set_name(frida, name="Frida Kahlo-Rivera", by=frida)
    view_trail(Search.of('"Frida K"'), by=cast.dana)
    people.deactivate(frida, by=cast.erin)
    frida.refresh_from_db()
    seal_all()
    plan = planned(cast, frida).plan
    (listed,) = plan["mentions"]
    assert Event.objects.get(pk=leaf_event(listed)).verb == "trail.view"


def test_a_name_with_quotes_is_found_in_values(cast):
    """JSON writes them in another way than people do."""
    mary = people.invite(username="mary", email="m@example.org", name='Mary "Mo" Ng', by=cast.erin)
    projects.register(slug="mo", owner=cast.alice, name='Of Mary "Mo" Ng', by=cast.erin)
    people.deactivate(mary, by=cast.erin)
    mary.refresh_from_db()
    seal_all()
    listed = planned(cast, mary).plan["mentions"]
    found = [Event.objects.get(pk=leaf_event(seq)) for seq in listed]
    assert ("project.register", "change") in {(one.verb, one.kind) for one in found}


def test_every_row_that_is_named_after_somebody_says_so(cast):
    """Else their name would stay where it names a row."""
    gather(cast)
    known = set(User.objects.exclude(kind="system").values_list("username", flat=True))
    named = {
        model
        for model in governed_models()
        for row in model._base_manager.all()
        if known & set(re.split(r"[\s:,@]+", str(row)))
    }
    assert len(named) >= 10
    assert [model for model in named if not named_after(model)] == []


def test_an_unknown_path_is_no_hold(cast):
    for path in ("onclogy", "/oncology/ct-scan/", "/oncology/ct%/", "oncology/ct_scans"):
        with pytest.raises(ValidationError, match="Nothing stands at"):
            keeping.place_hold(path, "inquiry 7", by=cast.erin)
    with pytest.raises(ValidationError, match="Say which dispute"):
        keeping.place_hold("/", " ", by=cast.erin)
    assert keeping.place_hold("oncology/ct-scans", "x", by=cast.petra).path == "/oncology/ct-scans/"
    assert not Erasure.objects.exists()
