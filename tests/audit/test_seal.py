"""Sealing: every committed event gets one leaf, whoever seals, however often it is cut short."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, connections, transaction
from psycopg.errors import InsufficientPrivilege

from accounts.actions import people
from accounts.models import User
from audit.models import Event
from audit.seal import anchors, keys, notes, rounds, sealer, verify
from audit.seal.notes import BadNote, Verifier
from audit.tasks import seal as seal_task
from audit.tasks import verify as verify_task
from tests.acting import rows
from tests.audit.sealing import act, as_superuser, check, environment, seal_all, told

committing = pytest.mark.django_db(transaction=True)


def leaves() -> tuple[int, int, int]:
    """How many, how many different events, and the number after the last."""
    found: list[tuple[int, int, int]] = rows(
        "select count(*), count(distinct event_id), max(seq) + 1 from audit_leaf"
    )
    return found[0]


def test_every_event_gets_its_leaf_and_the_tree_holds(cast):
    act(cast, 5)
    seal_all()
    report = check()
    assert report.problems == []
    assert report.size == Event.objects.count() > 50
    assert report.checkpoints > 3
    assert leaves() == (report.size,) * 3


def test_nothing_new_is_no_checkpoint_until_an_hour_has_passed(cast, monkeypatch):
    seal_all()
    before = rows("select count(*) from audit_checkpoint")
    assert rounds.once() == 0
    assert rows("select count(*) from audit_checkpoint") == before
    monkeypatch.setattr(sealer, "IDLE", timedelta(0))
    assert rounds.once() == 0
    assert rows("select count(*) from audit_checkpoint") == [before[0] + 1]
    assert told() == ""


def test_a_checkpoint_is_a_signed_note_that_others_can_read(cast):
    """C2SP signed-note, checked by hand: name, key id, Ed25519 over the text."""
    seal_all()
    [line] = keys.trusted_file().read_text().splitlines()
    key = Verifier.read(line)
    assert str(key) == line
    [note] = anchors.read(anchors.last_file())
    origin, size, root, moment, blank, signature = note.splitlines()
    assert (origin, int(size), blank) == (key.name, leaves()[0], "")
    assert moment.startswith("time 20")
    assert signature.startswith(f"— {key.name} ")
    assert notes.checkpoint(note, [key]).size == leaves()[0]
    with pytest.raises(BadNote, match=r"signature of .* is wrong"):
        notes.checkpoint(note.replace(root, "A" * 43 + "="), [key])
    with pytest.raises(BadNote, match="no trusted key"):
        notes.checkpoint(note, [])


def test_the_key_is_its_owners_alone(cast):
    seal_all()
    place = Path(django_settings.SEAL_KEY_FILE)
    assert place.stat().st_mode & 0o777 == 0o600
    secret = place.read_text().strip()
    assert secret not in keys.trusted_file().read_text()
    assert rows("select count(*) from audit_checkpoint where position(%s in note) > 0", secret) == [
        0
    ]


def test_a_process_without_the_key_does_not_seal(cast, settings):
    settings.SEAL_KEY_FILE = ""
    assert seal_task() == 0
    with pytest.raises(CommandError, match="no SEAL_KEY_FILE"):
        call_command("seal")
    assert leaves()[0] == 0


def test_the_clock_seals_and_anchors(cast):
    assert seal_task() == Event.objects.count()
    assert len(anchors.read(anchors.anchors_file())) == 1


def test_a_backlog_that_takes_many_batches_is_no_forgery(cast, monkeypatch):
    """Days without a sealer: later batches are older than the checkpoints of the first."""
    monkeypatch.setattr(verify, "LONGEST_ACT", -timedelta(days=1))  # everything counts as old
    seal_all(20)
    assert told() == ""
    assert notes.checkpoint(anchors.read(anchors.last_file())[0], keys.trusted()).complete
    act(cast, 1)
    rounds.once()
    assert "backdated" in told()


# --- what the proof is made of, is kept as the trail is

OF_THE_PROOF = ["audit_leaf", "audit_tile", "audit_checkpoint", "audit_anchor", "audit_retirement"]
TAMPERING = [
    "update {0} set {1} = {1}",
    "update {0} set {1} = {1} where false",
    "delete from {0}",
    "truncate {0} cascade",
]


def a_column(table: str) -> str:
    found: list[str] = rows(
        "select attname::text from pg_attribute where attrelid = %s::regclass and attnum = 2", table
    )
    return found[0]


@pytest.mark.parametrize("table", OF_THE_PROOF)
@pytest.mark.parametrize("sql", TAMPERING)
def test_neither_application_nor_owner_changes_it(owner, table, sql):
    sealed = sql.format(table, a_column(table))
    denied = pytest.raises(ProgrammingError, match="permission denied")
    with denied, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sealed)
    with pytest.raises(InsufficientPrivilege, match="append-only"):
        owner.execute(sealed)


def test_the_night_verifies_as_the_system(cast):
    seal_all()
    assert verify_task() == []
    event = Event.objects.get(verb="trail.verify", kind="act")
    assert (event.actor_repr, event.door, event.data["scope"]) == ("system", "task", "full")


# --- order, and what a writer does meanwhile


@committing
def test_an_open_transaction_holds_nothing_up_and_is_sealed_when_it_ends(cast):
    """Its numbers are lower than those that are sealed before it."""
    seal_all()
    params = connection.get_connection_params()
    with psycopg.connect(**params) as slow:
        slow.execute(
            "insert into audit_event (kind, event_class, verb, outcome, actor_repr, on_behalf_of,"
            " key, object_pk, object_repr, action, resource_path, decision, purpose, door, agent,"
            " message, data) select kind, event_class, 'slow.act', outcome, actor_repr, '', '', '',"
            " '', 3, '', decision, '', 'cli', '', '', '{}' from audit_event limit 1"
        )
        act(cast, 2)
        assert seal_all() == 0
        sealed = leaves()[0]
        assert sealed == Event.objects.count()
        slow.commit()
    assert rounds.once() == 1
    assert rows(
        "select l.seq from audit_leaf l join audit_event e on e.id = l.event_id"
        " where e.verb = 'slow.act'"
    ) == [sealed]
    assert told() == ""


@committing
def test_what_rolls_back_is_never_sealed(cast):
    seal_all()
    before = leaves()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        people.set_name(cast.bob, name="x", by=cast.bob)
        raise ZeroDivisionError
    rounds.once()
    assert leaves() == before
    act(cast, 1)
    rounds.once()
    assert told() == ""


def test_a_batch_that_was_cut_off_loses_nothing_below_the_horizon(cast, monkeypatch):
    """Every checkpoint counts as settled at once, and still the rest of the batch is found."""
    monkeypatch.setattr(sealer, "SETTLED", timedelta(0))
    act(cast, 10)
    while sealer.seal(7):
        pass
    assert leaves()[0] == Event.objects.count()


def write_at_random(writer: User, stop: threading.Event) -> None:
    """Each thread has a person of its own: an object is never two threads' at once."""
    chance = random.Random(writer.name)
    try:
        while not stop.is_set():
            try:
                with transaction.atomic():
                    people.set_name(writer, name=f"Bob {chance.random()}", by=writer)
                    time.sleep(chance.random() / 20)
                    if chance.random() < 0.2:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue
    finally:
        connections.close_all()


def sealer_process() -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "seal", "--loop", "0.01"]
    return subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=environment())


def checkpoints() -> int:
    found: list[int] = rows("select count(*) from audit_checkpoint")
    return found[0]


def wait_for_checkpoints(more: int, *sealers: subprocess.Popen[bytes]) -> None:
    enough, deadline = checkpoints() + more, time.monotonic() + 60
    while checkpoints() < enough:
        assert time.monotonic() < deadline, "nobody seals"
        assert all(one.poll() is None for one in sealers), "a sealer gave up"
        time.sleep(0.02)


@committing
def test_sealers_that_are_killed_and_sealers_side_by_side_lose_and_double_nothing(cast):
    """Writers commit late and roll back; two sealers at a time, killed at any moment."""
    rounds.once()  # the key and who trusts it
    stop, chance = threading.Event(), random.Random(1)
    writers = [
        threading.Thread(target=write_at_random, args=(writer, stop))
        for writer in (cast.alice, cast.bob, cast.charlie)
    ]
    for writer in writers:
        writer.start()
    sealers = [sealer_process(), sealer_process()]
    try:
        for turn in range(2):
            wait_for_checkpoints(3, *sealers)
            time.sleep(chance.random() / 10)
            sealers[turn % 2].kill()
            sealers[turn % 2].wait()
            sealers[turn % 2] = sealer_process()
    finally:
        stop.set()
        for writer in writers:
            writer.join()
        for one in sealers:
            one.kill()
            one.wait()
    deadline = time.monotonic() + 10  # a killed client's server process may still hold the lock
    while sealer.seal() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    rounds.once()
    number = Event.objects.count()
    assert number > 60
    assert leaves() == (number, number, number)
    assert told() == ""


# --- older databases, other keys


@committing
def test_nothing_is_sealed_on_top_of_an_older_backup(cast):
    seal_all()
    backup = leaves()[0]
    act(cast, 2)
    rounds.once()
    with as_superuser() as server:  # what a restored backup looks like
        server.execute(
            "delete from audit_event where id in (select event_id from audit_leaf where seq >= %s)",
            [backup],
        )
        server.execute("delete from audit_leaf where seq >= %s", [backup])
        server.execute("delete from audit_anchor")
        server.execute("delete from audit_checkpoint where size > %s", [backup])
    act(cast, 1)
    with pytest.raises(CommandError, match="restored from an older backup"):
        call_command("seal")
    assert leaves()[0] == backup
    assert "restored from an older backup" in told()

    call_command("seal", "--accept-restore", "disk lost on Monday", "--as", "erin")
    rounds.once()
    assert told() == ""
    accepted = Event.objects.get(verb="trail.accept_restore", kind="act")
    assert accepted.message == "disk lost on Monday"
    assert accepted.data["anchored"] > backup
    [aside] = keys.folder().glob("before-*")
    assert len(anchors.read(aside / "last")) == 1


@committing
def test_nothing_is_sealed_on_top_of_a_forged_edge(cast):
    seal_all()
    with as_superuser() as server:
        server.execute("update audit_checkpoint set frontier = sha256(frontier) where size = 1")
        server.execute(
            "update audit_checkpoint set frontier = overlay(frontier placing '\\xff' from 1)"
            " where id = (select max(id) from audit_checkpoint)"
        )
    act(cast, 1)
    with pytest.raises(CommandError, match="is not the one that was signed"):
        call_command("seal")


def test_a_new_key_leaves_old_proofs_valid_and_the_old_key_without_power(cast):
    seal_all()
    old = Path(django_settings.SEAL_KEY_FILE)
    stolen = old.rename(old.with_suffix(".old"))
    act(cast, 1)
    with pytest.raises(CommandError, match="seal --rotate"):
        call_command("seal")
    size = leaves()[0]
    call_command("seal", "--rotate", "--as", "erin")
    rounds.once()
    assert told() == ""
    assert Event.objects.filter(verb="trail.rotate_key", outcome="ok", actor=cast.erin).exists()
    first, second = keys.trusted()
    assert (first.until, second.until) == (size, None)

    old.unlink()
    stolen.rename(old)  # the thief signs on
    act(cast, 1)
    with pytest.raises(CommandError, match="does not name this key"):
        call_command("seal")
    [note] = anchors.read(anchors.last_file())
    text = notes.checkpoint(note, keys.trusted()).text()
    forged = notes.sign(text, first.name, keys.signer())
    with pytest.raises(BadNote, match=f"was replaced at size {size}"):
        notes.checkpoint(forged, keys.trusted())


def test_a_key_is_rotated_once(cast):
    seal_all()
    with pytest.raises(CommandError, match="trusted already"):
        call_command("seal", "--rotate", "--as", "erin")
