"""Somebody who owns the database server, triggers disabled, against the seals."""

from __future__ import annotations

import pickle
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection
from django.test import override_settings

from audit.models import Event
from audit.seal import anchors, canon, keys, proofs, rounds, sealer, verify
from audit.seal.merkle import Edge
from tests.acting import rows
from tests.audit.sealing import act, as_superuser, check, seal_all, seal_some, told
from tests.cast import Cast
from tests.conftest import Committed, clone

pytestmark = pytest.mark.django_db(transaction=True)

VICTIM = 40  # a leaf in the middle
EVENT = f"(select event_id from audit_leaf where seq = {VICTIM})"
FORGERY = """insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, object_pk, object_repr, action, resource_path, decision, purpose, door, agent,
  message, data, "timestamp") select kind, event_class, uuidv7(), verb, outcome, actor_id,
  actor_repr, on_behalf_of, key, object_pk, 'forged', action, resource_path, decision, purpose,
  door, agent, message, data, {when} from audit_event where kind = 'act' limit 1"""

Attack = Callable[[Any], None]


@pytest.fixture(scope="module")
def laid(committed: Committed, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    seal = tmp_path_factory.mktemp("laid") / "seal"
    with override_settings(SEAL_ROOT=seal, SEAL_KEY_FILE=str(seal / "key")):
        return committed(seal_some), seal


@pytest.fixture
def sealed(laid: tuple[bytes, Path], transactional_db: None, settings: Any) -> Cast:
    """All of it was made once, and each has its own to spoil."""
    shutil.copytree(laid[1], settings.SEAL_ROOT)
    found: Cast = pickle.loads(laid[0])
    return found


@pytest.fixture
def settled(sealed, monkeypatch):
    """The sealer has let go of the first numbers, sooner than it would."""
    with monkeypatch.context() as soon:
        soon.setattr(sealer, "SETTLED", timedelta(0))
        act(sealed, 1)
        rounds.once()
    assert rows("select max(floor) from audit_checkpoint")[0] > 0
    assert told() == ""
    return sealed


def uid() -> str:
    return str(rows(f"select uid from audit_leaf where seq = {VICTIM}")[0])


EDITS = {
    "message": ("message = 'x'", "what was done was changed"),
    "object": ("object_repr = 'x'", "what was done was changed"),
    "diff": ("""changes = '{"name": ["a", "b"]}'""", "what was done was changed"),
    "actor": ("actor_id = uuidv7()", "was changed after it was sealed"),
    "name of the actor": ("actor_repr = 'mallory'", "who did it was changed"),
    "address": ("remote_addr = '192.0.2.1'", "who did it was changed"),
    "decision": ("""decision = '[{"path": "/"}]'""", "was changed after it was sealed"),
    "outcome": ("outcome = 'denied'", "was changed after it was sealed"),
    "purpose": ("purpose = 'x'", "was changed after it was sealed"),
    "time": ('"timestamp" = "timestamp" - interval \'1 second\'', "was deleted, or its time"),
    "type of the object": (
        "content_type_id = (select max(id) from django_content_type)",
        "was about ",
    ),
    "uid": ("uid = uuidv7()", "was changed after it was sealed"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_field_is_named(sealed, name):
    victim = uid()
    change, problem = EDITS[name]
    with as_superuser() as server:
        server.execute(f"update audit_event set {change} where id = {EVENT}")
    assert told(anchored=False).startswith(f"event {victim} (leaf {VICTIM}): {problem}")
    with pytest.raises(CommandError, match=victim) as failed:
        call_command("verify_trail", "--as", "dana")
    assert failed.value.returncode == 1


def test_every_column_is_sealed(sealed):
    """A column that somebody adds and forgets here would be a place to rewrite."""
    compared = {"id", "content_type_id"}  # their meaning is in the leaf: by its key and its type
    unsealed = {"words", "xact"}  # derived
    every = set(
        rows("select column_name from information_schema.columns where table_name = 'audit_event'")
    )
    said = set(re.findall(r"\be\.(\w+)", canon.COLUMNS.replace('"', "")))
    read = set(re.findall(r"\be\.(\w+)", verify.LEAVES.replace('"', "")))
    assert every - read == unsealed
    assert read - said == compared
    assert len(canon.COLUMNS.split(",")) == len(said)


def test_swapped_uids_are_named_and_prove_nothing(sealed):
    """Whoever asks for the one would get a good proof of the other."""
    one, other = (rows("select uid from audit_leaf where seq = %s", n)[0] for n in (VICTIM, 41))
    with as_superuser() as server:
        for seq, new in ((VICTIM, other), (41, one)):
            server.execute("update audit_leaf set uid = %s where seq = %s", [new, seq])
    assert f"its leaf is now found as that of {one}" in told(anchored=False)
    for prove in (lambda: proofs.prove(one), lambda: proofs.prove_all([one])):
        with pytest.raises(proofs.NotSealed, match="This is not what was sealed"):
            prove()


def test_another_type_of_object_is_named(sealed):
    victim = uid()
    with as_superuser() as server:
        server.execute(f"update audit_leaf set type = 'x.y' where seq = {VICTIM}")
    assert victim in told(anchored=False)


def test_a_deleted_event_is_named(sealed):
    victim = uid()
    with as_superuser() as server:
        server.execute(f"delete from audit_event where id = {EVENT}")
    assert told(anchored=False).startswith(f"event {victim} (leaf {VICTIM}): was deleted")


def test_a_deleted_event_with_its_leaf_is_named(sealed):
    with as_superuser() as server:
        server.execute(f"delete from audit_event where id = {EVENT}")
        server.execute(f"delete from audit_leaf where seq = {VICTIM}")
    assert f"leaf {VICTIM} is missing" in told(anchored=False)


def test_a_deleted_event_whose_gap_was_closed_is_found(sealed):
    with as_superuser() as server:
        server.execute(f"delete from audit_event where id = {EVENT}")
        server.execute(f"delete from audit_leaf where seq = {VICTIM}")
        server.execute("alter table audit_leaf drop constraint audit_leaf_seq_check")
        server.execute(f"update audit_leaf set seq = -seq where seq > {VICTIM}")
        server.execute("update audit_leaf set seq = -seq - 1 where seq < 0")
    first = VICTIM // 20 * 20
    assert f"the leaves {first} to {first + 19} are not those that were signed" in told(
        anchored=False
    )


def swap(server: Any, one: int, other: int) -> None:
    server.execute("alter table audit_leaf drop constraint audit_leaf_seq_check")
    for before, after in ((one, -1), (other, one), (-1, other)):
        server.execute("update audit_leaf set seq = %s where seq = %s", [after, before])


def test_reordered_leaves_are_found(sealed):
    with as_superuser() as server:
        swap(server, VICTIM, VICTIM + 1)
    found = told(anchored=False)
    assert "are not those that were signed" in found
    assert f"to {(VICTIM // 20 + 1) * 20 - 1} " in found


def test_reordered_leaves_below_a_full_tile_are_named(sealed):
    while rows("select count(*) from audit_event")[0] < 260:
        act(sealed, 20)
    seal_all(100)
    with as_superuser() as server:
        swap(server, VICTIM, VICTIM + 1)
    found = [str(problem) for problem in check(anchored=False).problems]
    assert any("is not the leaf that stood here" in one for one in found)


def test_an_unsealed_fake_of_yesterday_is_named(sealed):
    """Before a sealer sees it."""
    with as_superuser() as server:
        server.execute(FORGERY.format(when="now() - interval '1 day'"))
    assert "1 events have no leaf" in told(anchored=False)


def test_a_backdated_fake_is_named_although_the_sealer_took_it(sealed):
    with as_superuser() as server:
        server.execute(FORGERY.format(when="now() - interval '1 day'"))
    rounds.once()
    fake = Event.objects.get(object_repr="forged")
    assert told(anchored=False).startswith(f"event {fake.uid} ")
    assert "backdated" in told(anchored=False)


REUSED = """insert into audit_event (id, kind, event_class, act, verb, outcome, actor_id,
  actor_repr, on_behalf_of, key, object_pk, object_repr, action, resource_path, decision, purpose,
  door, agent, message, data, "timestamp") select id, kind, event_class, uuidv7(), verb, outcome,
  actor_id, actor_repr, on_behalf_of, key, object_pk, 'forged', action, resource_path, decision,
  purpose, door, agent, message, data, {when} from audit_event
  where kind = 'act' and id <= (select max(floor) from audit_checkpoint) order by id limit 1"""


@pytest.mark.parametrize("when", ["now() - interval '11 hours'", "now() - interval '1 second'"])
def test_a_fake_under_the_number_of_another_is_named(settled, when):
    """The application's own role may not; and the sealer looks only at new numbers."""
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(REUSED.format(when=when))
    with as_superuser() as server:
        server.execute(REUSED.format(when=when))
    fake = Event.objects.get(object_repr="forged")
    assert told().startswith("1 events have no leaf") or f"event {fake.uid}" in told()
    rounds.once()
    found = [problem for problem in check().problems if problem.uid == str(fake.uid)]
    assert found and "1 events have no leaf" in str(found[0])


def test_a_fake_under_a_number_that_is_still_looked_at_gets_its_leaf(sealed):
    """Nothing stops the sealer: two events of one number are two leaves."""
    newest = REUSED.partition("where")[0] + "where kind = 'act' order by id desc limit 1"
    with as_superuser() as server:
        server.execute(newest.format(when="now() - interval '11 hours'"))
    assert rounds.once() == 1
    fake = Event.objects.get(object_repr="forged")
    assert any(p.uid == str(fake.uid) and "backdated" in p.text for p in check().problems)


def test_a_fake_of_tomorrow_is_named_before_and_after_it_is_sealed(sealed):
    with as_superuser() as server:
        server.execute(FORGERY.format(when="now() + interval '1 day'"))
    fake = Event.objects.get(object_repr="forged")
    assert "1 events have no leaf" in told() and str(fake.uid) in told()
    rounds.once()
    assert "was still to come" in told() and str(fake.uid) in told()


def rebuild(server: Any) -> None:
    """Every hash, tile, edge and root anew from the changed rows; all that no key is needed for."""
    found = server.execute(
        verify.LEAVES.replace("%s and", "0 and").replace("%s order", "9e9 order")
    )
    edge, edges = Edge(), {}
    for row in found.fetchall():
        event = row[verify.EVENT :]
        who, what = canon.commit(row[4], canon.who(event)), canon.commit(row[6], canon.what(event))
        new = canon.leaf(event, row[3], who, what)
        server.execute(
            "update audit_leaf set who = %s, what = %s, hash = %s where seq = %s",
            [who, what, new, row[0]],
        )
        edge.append(new)
        edges[edge.size] = edge.frontier()
    for size, frontier in edges.items():
        server.execute(
            "update audit_checkpoint set frontier = %s where size = %s", [frontier, size]
        )


def test_everything_recomputed_without_the_key_is_found(sealed):
    with as_superuser() as server:
        server.execute("set timezone = 'UTC'")
        server.execute(f"update audit_event set message = 'x' where id = {EVENT}")
        rebuild(server)
    found = told(anchored=False)
    assert f"the leaves {VICTIM // 20 * 20} to {(VICTIM // 20 + 1) * 20 - 1} are not" in found


def test_everything_recomputed_and_signed_with_another_key_is_found(sealed, tmp_path, settings):
    """The public keys are not in the database."""
    with as_superuser() as server:
        server.execute("truncate audit_leaf, audit_tile, audit_checkpoint cascade")
    trusted, anchored = keys.trusted(), anchors.read(anchors.last_file())
    settings.SEAL_ROOT = tmp_path / "elsewhere"
    settings.SEAL_KEY_FILE = str(tmp_path / "elsewhere" / "key")
    rounds.once()
    assert told() == "", "a world of its own, whole in itself"
    assert "no trusted key signed this" in str(verify.verify(trusted, []).problems[0])
    assert "not those that were anchored" in "".join(
        str(one) for one in verify.verify(trusted + keys.trusted(), anchored).problems
    )


def cut(server: Any) -> None:
    size = server.execute("select size from audit_checkpoint order by id desc offset 2 limit 1")
    [size] = size.fetchone()
    server.execute(
        "delete from audit_event where id in (select event_id from audit_leaf where seq >= %s)",
        [size],
    )
    server.execute("delete from audit_leaf where seq >= %s", [size])
    server.execute("delete from audit_anchor")
    server.execute("delete from audit_checkpoint where size > %s", [size])


def wipe(server: Any) -> None:
    server.execute(
        "truncate audit_event, audit_leaf, audit_tile, audit_checkpoint, audit_anchor cascade"
    )


@pytest.mark.parametrize("attack", [cut, wipe])
def test_a_cut_tail_is_seen_by_its_anchor_only(sealed, attack):
    """What is left was true once and is signed: nothing inside the database can tell."""
    with as_superuser() as server:
        attack(server)
    assert told(anchored=False) == ""
    assert "the trail was cut, or restored from an older backup" in told()
    with pytest.raises(CommandError, match="the trail was cut"):
        call_command("verify_trail", "--as", "dana")


def test_a_restored_backup_is_seen_by_its_anchor_only(sealed):
    """A real copy of the database, as a backup is."""
    name = str(connection.settings_dict["NAME"])
    clone(f"{name}_backup", name)
    act(sealed, 2)
    rounds.once()
    clone(name, f"{name}_backup")
    assert told(anchored=False) == ""
    assert "restored from an older backup" in told()
    with pytest.raises(CommandError, match="restored from an older backup"):
        call_command("seal")


def test_a_part_of_the_trail_can_be_verified(sealed):
    size = rows("select size from audit_checkpoint order by id offset 2 limit 1")[0]
    act(sealed, 2)
    rounds.once()
    call_command("verify_trail", "--since", str(size), "--as", "dana")
    call_command("verify_trail", "--sample", "20", "--as", "dana")
    with pytest.raises(CommandError, match="No checkpoint has the size 3"):
        call_command("verify_trail", "--since", "3", "--as", "dana")
    with as_superuser() as server:
        server.execute(
            "update audit_event set message = 'x' where id = (select max(event_id) from audit_leaf)"
        )
    for scope in (["--since", str(size)], ["--sample", "100000"]):
        with pytest.raises(CommandError, match="was changed after it was sealed"):
            call_command("verify_trail", *scope, "--as", "dana")
