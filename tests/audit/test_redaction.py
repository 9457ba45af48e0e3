"""Erasing who somebody was: lawful on two people's word, and then no seal breaks; else found."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.actions import grants, people
from accounts.decision import site
from audit.actions import erasures, keeping
from audit.actions.trail import view_trail
from audit.context import Origin, entered
from audit.models import Erasure, Event
from audit.queries import events, recent_values
from audit.seal import proofs, redaction, rounds
from audit.seal.erased import UNSAID, digest
from audit.seal.person import person
from audit.search import Search
from registry.actions import assets, projects
from registry.models import Asset
from tests.acting import do, holding, rows
from tests.audit.sealing import as_superuser, seal_all, told
from tests.cast import role

MAIL = "frida@example.org"


@pytest.fixture
def gone(cast):
    """Frida worked here, from an address, and Alice wrote of her; then she left."""
    frida = people.invite(username="frida", email=MAIL, name="Frida K", by=cast.erin)
    with entered(Origin(door="web", address="192.0.2.7", agent="Mozilla")):
        people.set_name(frida, name="Frida Kahlo", by=frida)
    do(lambda: None, by=cast.erin)
    people.deactivate(frida, by=cast.erin)
    frida.refresh_from_db()
    seal_all()
    return frida


def planned(cast: Any, person: Any) -> Erasure:
    asked = erasures.ask_erasure(person, "Art. 17, letter of 3 May", by=cast.erin)
    rounds.once()
    erasures.plan_erasure(asked, [], by=cast.erin)
    rounds.once()
    return asked


def erase(cast: Any, person: Any) -> Erasure:
    asked = planned(cast, person)
    return erasures.redact(asked, asked.plan["digest"], by=cast.petra)


def test_nothing_names_her_afterwards_and_every_seal_holds(cast, gone):
    assert "audit_event.changes" in holding(MAIL)
    proof = proofs.prove(Event.objects.filter(actor=gone).latest("id").uid)
    assert proof["who"]["value"]["address"] == "192.0.2.7"
    size = Event.objects.count()

    erase(cast, gone)
    for word in (MAIL, "frida"):
        assert [name for name in holding(word) if name.startswith("audit_")] == []
    assert rows("select count(*) from audit_event where remote_addr = '192.0.2.7'") == [0]
    assert Event.objects.count() > size, "no event went"
    assert told() == ""
    rounds.once()
    assert told() == ""
    call_command("verify_trail", "--as", "dana")


def test_what_is_not_about_her_stays(cast, gone):
    before = Event.objects.filter(verb="asset.register").values_list("message", "changes")
    kept = list(before)
    erase(cast, gone)
    assert list(before.all()) == kept
    mine = Event.objects.filter(actor=gone, kind="act").latest("id")
    assert (mine.actor_repr, mine.agent) == ("", "")
    assert (mine.verb, mine.actor_id, mine.outcome) == ("person.set_name", gone.pk, "ok")
    assert Event.objects.filter(actor_repr="erin").exists()


def test_a_proof_of_a_redacted_event_still_proves(cast, gone):
    uid = Event.objects.filter(actor=gone, kind="change").latest("id").uid
    before = proofs.prove(uid)
    erase(cast, gone)
    rounds.once()
    after = proofs.prove(uid)
    assert "who" not in after
    assert "what" not in after
    assert after["event"] == before["event"]
    assert after["index"] == before["index"]


def test_the_act_says_who_asked_who_did_and_how_much(cast, gone):
    erasure = erase(cast, gone)
    done = Event.objects.get(verb="trail.redact", kind="act")
    assert (done.actor, done.object_pk) == (cast.petra, str(erasure.pk))
    assert done.message.split()[1:3] == ["times", "who,"]
    asked = Event.objects.get(verb="trail.ask_erasure", kind="act")
    assert asked.actor == cast.erin
    assert (erasure.asked_by, erasure.done_by) == (cast.erin, cast.petra)


def test_no_search_finds_her_by_name(cast, gone):
    """The words of the index are made of the columns, so they went with them."""
    asked = ("frida", "actor:frida", f"changed:email={MAIL}")
    assert all(events(cast.dana, Search.of(text)).exists() for text in asked)
    assert "frida" in recent_values(cast.dana, "actor_repr")
    people.set_name(cast.bob, name="Bob", by=cast.bob)
    erase(cast, gone)
    rounds.once()
    assert [text for text in asked if events(cast.dana, Search.of(text)).exists()] == []
    assert rows("select count(*) from audit_event where words @@ 'frida'::tsquery") == [0]
    assert "frida" not in recent_values(cast.dana, "actor_repr")
    assert events(cast.dana, Search.of("actor:bob")).exists()
    assert told() == ""


# --- who may not, and when not


def test_one_person_alone_erases_nothing(cast, gone):
    asked = planned(cast, gone)
    with pytest.raises(PermissionDenied):
        erasures.redact(asked, asked.plan["digest"], by=cast.erin)
    with pytest.raises(PermissionDenied):
        erasures.ask_erasure(gone, "x", by=cast.petra)
    with pytest.raises(IntegrityError, match="done_by_somebody_else"):
        do(lambda: save_done(asked, cast.erin), by=cast.erin)
    assert MAIL in str(list(Event.objects.values_list("changes", flat=True)))


def save_done(asked: Erasure, by: Any) -> None:
    asked.done_by, asked.done_at = by, asked.asked_at
    asked.save()


def test_who_holds_both_roles_does_not_do_both(cast, gone):
    grants.give(role("admin"), cast.petra, site(), by=cast.erin)
    asked = erasures.ask_erasure(gone, "x", by=cast.petra)
    rounds.once()
    erasures.plan_erasure(asked, [], by=cast.petra)
    with pytest.raises(ValidationError, match="second person"):
        erasures.redact(asked, asked.plan["digest"], by=cast.petra)


def test_who_still_works_here_is_not_erased(cast, gone):
    with pytest.raises(ValidationError, match="Deactivate them first"):
        erasures.ask_erasure(cast.bob, "x", by=cast.erin)
    asked = planned(cast, gone)
    people.reactivate(gone, by=cast.erin)
    asked.refresh_from_db()
    with pytest.raises(ValidationError, match="Deactivate them first"):
        erasures.redact(asked, asked.plan["digest"], by=cast.petra)


@pytest.mark.parametrize(
    "reason",
    ["Frida wants it", f"wrote from <{MAIL.upper()}>", "as FRIDA KAHLO asked", "(Frida K)"],
)
def test_the_reason_does_not_name_her(cast, gone, reason):
    """It would stay for ever: by any name of hers, then or now."""
    with pytest.raises(ValidationError, match="A name of theirs stands in it"):
        erasures.ask_erasure(gone, reason, by=cast.erin)
    assert not Erasure.objects.exists()
    erasures.ask_erasure(gone, "letter of Fridays, 3 May", by=cast.erin)


def test_once_is_enough(cast, gone):
    erasure = erase(cast, gone)
    with pytest.raises(ValidationError, match="already"):
        erasures.redact(erasure, erasure.plan["digest"], by=cast.petra)
    with pytest.raises(ValidationError, match="already"):
        erasures.plan_erasure(erasure, [], by=cast.erin)


def test_what_is_not_sealed_yet_waits(cast, gone):
    asked = erasures.ask_erasure(gone, "x", by=cast.erin)
    people.reactivate(gone, by=cast.erin)
    with pytest.raises(ValidationError, match="not sealed yet"):
        erasures.plan_erasure(asked, [], by=cast.erin)


def test_a_plan_that_is_not_sealed_yet_is_not_carried_out(cast, gone):
    asked = planned(cast, gone)
    erasures.plan_erasure(asked, [], by=cast.erin)
    erasures.redact(asked, asked.plan["digest"], by=cast.petra)  # the same plan, sealed before
    other = people.invite(username="otto", email="otto@example.org", by=cast.erin)
    people.deactivate(other, by=cast.erin)
    other.refresh_from_db()
    asked = erasures.ask_erasure(other, "x", by=cast.erin)
    rounds.once()
    erasures.plan_erasure(asked, [], by=cast.erin)
    with pytest.raises(ValidationError, match="The plan is not sealed yet"):
        erasures.redact(asked, asked.plan["digest"], by=cast.petra)


def test_a_hold_stops_it(cast, gone):
    hold = keeping.place_hold("/", "inquiry 7", by=cast.erin)
    asked = planned(cast, gone)
    with pytest.raises(ValidationError, match=r"legal hold is open: of these records / covers \d+"):
        erasures.redact(asked, asked.plan["digest"], by=cast.petra)
    with pytest.raises(ValidationError, match="second person"):
        keeping.lift_hold(hold, by=cast.erin)
    keeping.lift_hold(hold, by=cast.petra)
    erasures.redact(asked, asked.plan["digest"], by=cast.petra)


def test_a_hold_elsewhere_stops_nothing(cast, gone):
    keeping.place_hold("oncology/ct-scans", "inquiry 8", by=cast.petra)
    erase(cast, gone)


@pytest.mark.parametrize("path", ["/cardio/ct-scans/", "/cardio/", "/oncology/ct-scans/"])
def test_a_hold_follows_what_was_moved(cast, gone, path):
    """Her grant was recorded at the old address, or comes to be at the new one."""
    cardio = projects.register(slug="cardio", owner=cast.alice, by=cast.erin)
    people.reactivate(gone, by=cast.erin)
    grants.give(role("reader"), gone, cast.scans, by=cast.alice)
    assets.move(cast.scans, cardio, by=cast.alice)
    grants.give(role("contributor"), gone, Asset.objects.get(pk=cast.scans.pk), by=cast.alice)
    people.deactivate(gone, by=cast.erin)
    gone.refresh_from_db()
    seal_all()
    keeping.place_hold(path, "inquiry 9", by=cast.petra)
    asked = planned(cast, gone)
    acts = Event.objects.filter(verb="grant.open", object_repr__startswith="frida holds")
    assert len({event.resource_path for event in acts}) == 2
    assert asked.plan["held"][path] >= acts.count()
    with pytest.raises(ValidationError, match="legal hold is open"):
        erasures.redact(asked, asked.plan["digest"], by=cast.petra)
    with pytest.raises(ProgrammingError, match="legal hold"), transaction.atomic():
        pretend_done(asked, cast.petra)
        redact_by_sql(asked.pk, *parts(asked))


def test_on_the_console_two_people_look(cast, gone):
    out = StringIO()
    call_command("redact", "frida", "--dry-run", "--as", "erin", stdout=out)
    assert "person.deactivate" in out.getvalue()
    assert not Erasure.objects.exists()
    rounds.once()
    call_command("redact", "frida", "--reason", "letter of 3 May", "--as", "erin", stdout=out)
    asked = Erasure.objects.get()
    rounds.once()
    seen = StringIO()
    call_command("redact", "--look", str(asked.pk), "--as", "petra", stdout=seen)
    assert asked.plan["digest"] in seen.getvalue()
    with pytest.raises(CommandError, match="Nobody asked"):
        call_command("redact", "--look", str(asked.pk), "--as", "charlie")


def test_the_console_carries_nothing_out(cast, gone):
    """Whoever has it may say `--as` for both."""
    asked = planned(cast, gone)
    with pytest.raises(CommandError, match="unrecognized arguments"):
        call_command("redact", "--do", str(asked.pk), "--plan", "x", "--as", "petra")
    with pytest.raises(TypeError, match="Unknown option"):
        call_command("redact", do=asked.pk, plan=asked.plan["digest"], by="petra")
    asked.refresh_from_db()
    assert asked.done_at is None


# --- the function in the database trusts the application for nothing

FALSE_ACT = "019f0000-0000-7000-8000-000000000000"


def redact_by_sql(which: Any, who: list[int], what: list[int], act: str = FALSE_ACT) -> None:
    """What an attacker in the application's place could send."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('gate.act', %s, true)", [act])
        cursor.execute("select trail_redact(%s, %s, %s)", [which, who, what])
        cursor.execute("set constraints all immediate")


def pretend_done(asked: Erasure, by: Any) -> None:
    """The row says that somebody carried it out, whatever they know of it."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('gate.act', %s, true)", [FALSE_ACT])
        cursor.execute(
            "update audit_erasure set done_by_id = %s, done_at = now() where id = %s",
            [by.pk, asked.pk],
        )


def parts(asked: Erasure) -> tuple[list[int], list[int]]:
    made = redaction.plan(person(asked.subject), asked.plan["chosen"], asked.plan["size"])
    return list(made.who), list(made.what)


def test_sql_erases_nothing_outside_an_act(cast, gone):
    with pytest.raises(ProgrammingError, match="outside its act"):
        redact_by_sql(planned(cast, gone).pk, [3], [], act="")


def test_sql_erases_nothing_that_nobody_asked_for(cast, gone):
    with pytest.raises(ProgrammingError, match="two people"):
        redact_by_sql(FALSE_ACT, [3], [])


def test_sql_erases_nothing_before_a_second_person(cast, gone):
    asked = planned(cast, gone)
    with pytest.raises(ProgrammingError, match="two people"):
        redact_by_sql(asked.pk, *parts(asked))


def test_sql_erases_no_other_parts_than_planned(cast, gone):
    asked = planned(cast, gone)
    who, what = parts(asked)
    for other in ((who, [*what, 3]), (who[1:], what), ([], [])):
        refused = pytest.raises(ProgrammingError, match="other parts than a sealed plan says")
        with refused, transaction.atomic():
            pretend_done(asked, cast.petra)
            redact_by_sql(asked.pk, *other)


def test_sql_erases_nothing_under_a_hold(cast, gone):
    asked = planned(cast, gone)
    keeping.place_hold("/", "inquiry 7", by=cast.erin)
    with pytest.raises(ProgrammingError, match="legal hold"), transaction.atomic():
        pretend_done(asked, cast.petra)
        redact_by_sql(asked.pk, *parts(asked))


def test_sql_puts_no_second_person_into_the_row(cast, gone):
    """Without the act of that person in the same transaction, nothing commits."""
    asked = planned(cast, gone)
    refused = pytest.raises(ProgrammingError, match="carried out by who the trail says")
    with refused, transaction.atomic():
        pretend_done(asked, cast.petra)
        redact_by_sql(asked.pk, *parts(asked))
    assert MAIL in str(list(Event.objects.values_list("changes", flat=True)))


def test_sql_changes_no_plan_after_it_was_sealed(cast, gone):
    asked = planned(cast, gone)
    other = digest([3], [])
    refused = pytest.raises(ProgrammingError, match="other parts than a sealed plan says")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        pretend_done(asked, cast.petra)
        cursor.execute(
            "update audit_erasure set plan = jsonb_build_object('digest', %s::text)", [other]
        )
        redact_by_sql(asked.pk, [3], [])


def test_sql_carries_out_no_plan_that_another_one_replaced(cast, gone):
    asked = planned(cast, gone)
    first, digest_then = parts(asked), asked.plan
    view_trail(Search.of("frida"), by=cast.dana)
    rounds.once()
    erasures.plan_erasure(asked, [], by=cast.erin)
    (seq,) = asked.plan["mentions"]
    erasures.plan_erasure(asked, [seq], by=cast.erin)
    rounds.once()
    refused = pytest.raises(ProgrammingError, match="other parts than a sealed plan says")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        pretend_done(asked, cast.petra)
        cursor.execute("update audit_erasure set plan = %s", [json.dumps(digest_then)])
        redact_by_sql(asked.pk, *first)


def test_an_old_act_covers_nothing_more(cast, gone):
    erasure = erase(cast, gone)
    rounds.once()
    act = Event.objects.get(verb="trail.redact", kind="act").act
    with pytest.raises(ProgrammingError, match="other parts than a sealed plan says"):
        redact_by_sql(erasure.pk, [3], [], act=str(act))
    assert told() == ""


@pytest.mark.parametrize("sql", ["update audit_event set message = 'x'", "delete from audit_event"])
def test_the_owner_writes_nothing_under_cover_of_a_redaction(owner, sql):
    owner.execute("set gate.redaction = 'x'")
    with pytest.raises(Exception, match="append-only"):
        owner.execute(sql)


@pytest.mark.django_db(transaction=True)
def test_an_erasure_without_an_act_is_found(cast, gone):
    """By a superuser, who leaves the leaf as it was or blanks its salt too."""
    with as_superuser() as server:
        server.execute("update audit_event set actor_repr = '' where actor_repr = 'frida'")
    assert "who did it was changed" in told(anchored=False)
    with as_superuser() as server:
        server.execute("alter table audit_leaf drop constraint audit_leaf_check")
        server.execute(
            "update audit_leaf l set who_salt = null from audit_event e"
            " where e.id = l.event_id and e.actor_repr = ''"
        )
    assert UNSAID in told(anchored=False)


FORGED = """
insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr, on_behalf_of,
  key, content_type_id, object_pk, object_repr, action, resource_path, decision, purpose, door,
  agent, message, data)
select 'act', event_class, %s, %s, 'ok', %s, 'x', '', '', content_type_id, object_pk, object_repr,
  action, resource_path, decision, purpose, door, '', message,
  jsonb_build_object('digest', %s::text)
  from audit_event where verb = 'trail.redact' and kind = 'act'
"""
BLANK = """
update audit_event e set object_repr = '', message = '', changes = null, data = '{}'
  from audit_leaf l where l.seq = %s and (l.event_id, l.at) = (e.id, e."timestamp")
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("planned_by", ["nobody", "the same", "afterwards", "before"])
def test_one_forged_act_does_not_excuse_a_blank(cast, gone, planned_by):
    """By a superuser: a sealed act is blanked, and an event says that it was redacted."""
    erase(cast, gone)
    rounds.once()
    (seq,) = rows(
        "select l.seq from audit_leaf l join audit_event e on e.id = l.event_id"
        " where e.verb = 'asset.register' and e.kind = 'act'"
    )
    redaction_by, plan_by, excuse = cast.petra.pk, cast.erin.pk, digest([], [seq])
    if planned_by == "the same":
        plan_by = redaction_by
    forged_plan = [FALSE_ACT[:-1] + "1", "trail.plan_erasure", plan_by, excuse]
    with as_superuser() as server:
        if planned_by in ("the same", "before"):
            server.execute(FORGED, forged_plan)
    rounds.once()
    with as_superuser() as server:
        server.execute(FORGED, [FALSE_ACT, "trail.redact", redaction_by, excuse])
        if planned_by == "afterwards":
            server.execute(FORGED, forged_plan)
        server.execute(BLANK, [seq])
        server.execute(
            "update audit_leaf set what_salt = null, what_gone = %s where seq = %s",
            [FALSE_ACT, seq],
        )
    rounds.once()
    problem = told(anchored=False)
    if planned_by == "before":
        assert problem == "", "a plan that somebody sealed and anybody could have read"
    else:
        assert UNSAID in problem


@pytest.mark.django_db(transaction=True)
def test_writing_another_name_into_the_blank_is_found(cast, gone):
    erase(cast, gone)
    with as_superuser() as server:
        server.execute(
            "update audit_event set actor_repr = 'bob' where verb = 'person.set_name'"
            " and kind = 'act' and actor_repr = ''"
        )
    assert "was written to after it was redacted" in told(anchored=False)


def test_the_digest_is_that_of_the_leaves(cast, gone):
    erase(cast, gone)
    data = Event.objects.get(verb="trail.redact", kind="act").data
    assert len(data["digest"]) == 64
    assert json.dumps(data)
