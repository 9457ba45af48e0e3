"""Erasing who somebody was: lawful on two people's word, and then no seal breaks; else found."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.actions import people
from audit.actions import keeping
from audit.context import Origin, entered
from audit.models import Erasure, Event
from audit.queries import events, recent_values
from audit.seal import proofs, rounds
from audit.search import Search
from tests.acting import do, holding, rows
from tests.audit.sealing import as_superuser, seal_all, told

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


def erase(cast: Any, person: Any) -> Erasure:
    asked = keeping.ask_erasure(person, "Art. 17, letter of 3 May", by=cast.erin)
    rounds.once()
    return keeping.redact(asked, by=cast.petra)


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
    asked = keeping.ask_erasure(gone, "x", by=cast.erin)
    rounds.once()
    with pytest.raises(PermissionDenied):
        keeping.redact(asked, by=cast.erin)
    with pytest.raises(PermissionDenied):
        keeping.ask_erasure(gone, "x", by=cast.petra)
    with pytest.raises(IntegrityError, match="done_by_somebody_else"):
        do(lambda: save_done(asked, cast.erin), by=cast.erin)
    assert MAIL in str(list(Event.objects.values_list("changes", flat=True)))


def save_done(asked: Erasure, by: Any) -> None:
    asked.done_by, asked.done_at = by, asked.asked_at
    asked.save()


def test_who_still_works_here_is_not_erased(cast):
    with pytest.raises(ValidationError, match="Deactivate them first"):
        keeping.ask_erasure(cast.bob, "x", by=cast.erin)


def test_once_is_enough(cast, gone):
    erasure = erase(cast, gone)
    with pytest.raises(ValidationError, match="already"):
        keeping.redact(erasure, by=cast.petra)


def test_what_is_not_sealed_yet_waits(cast, gone):
    asked = keeping.ask_erasure(gone, "x", by=cast.erin)
    people.reactivate(gone, by=cast.erin)
    with pytest.raises(ValidationError, match="not sealed yet"):
        keeping.redact(asked, by=cast.petra)


def test_a_hold_stops_it(cast, gone):
    hold = keeping.place_hold("/", "inquiry 7", by=cast.erin)
    asked = keeping.ask_erasure(gone, "x", by=cast.erin)
    rounds.once()
    with pytest.raises(ValidationError, match="legal hold"):
        keeping.redact(asked, by=cast.petra)
    with pytest.raises(ValidationError, match="second person"):
        keeping.lift_hold(hold, by=cast.erin)


def test_on_the_console_two_people_are_named(cast, gone):
    out = StringIO()
    call_command("redact", "frida", "--reason", "letter of 3 May", "--as", "erin", stdout=out)
    asked = out.getvalue().split()[-1]
    rounds.once()
    with pytest.raises(CommandError):
        call_command("redact", "--do", asked, "--as", "erin")
    call_command("redact", "--do", asked, "--as", "petra", stdout=out)
    assert "Erased on" in out.getvalue()
    with pytest.raises(CommandError, match="Nobody asked"):
        call_command("redact", "--do", asked, "--as", "charlie")


# --- the function in the database is no back door


@pytest.mark.parametrize("act", ["", "019f0000-0000-7000-8000-000000000000"])
def test_sql_of_the_application_erases_nothing_unseen(cast, gone, act):
    """Outside an act it is refused; with a made-up one the erasure names no sealed act."""
    refused = pytest.raises(ProgrammingError, match="outside its act")
    call = "select trail_redact('019f0000-0000-7000-8000-000000000000', '{3}', '{}')"
    if not act:
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(call)
        return
    with connection.cursor() as cursor:
        cursor.execute("select set_config('gate.act', %s, true)", [act])
        cursor.execute(call)
        cursor.execute("select set_config('gate.act', '', true)")
    assert "was erased, and no sealed redaction says so" in told()


def test_more_than_the_act_says_is_found(cast, gone):
    erase(cast, gone)
    rounds.once()
    act = Event.objects.get(verb="trail.redact", kind="act").act
    with connection.cursor() as cursor:
        cursor.execute("select set_config('gate.act', %s, true)", [str(act)])
        cursor.execute("select trail_redact(%s, '{3}', '{}')", [act])
        cursor.execute("select set_config('gate.act', '', true)")
    assert "was erased, and no sealed redaction says so" in told()


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
    assert "was erased, and no sealed redaction says so" in told(anchored=False)


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
