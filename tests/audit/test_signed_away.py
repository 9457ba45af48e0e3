"""A retirement explains the events that it signed for, and by a key of its time: no others."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from audit.seal import keys, notes, retention
from audit.seal.retired import Retirement, as_row
from tests.acting import rows
from tests.audit import test_retention
from tests.audit.sealing import act, as_superuser, check, seal_all, told
from tests.audit.test_retention import MONTH, make_month, retire
from tests.conftest import superuser

pytestmark = pytest.mark.django_db(transaction=True)
old = test_retention.old

NEWEST = """select act from audit_event where verb = 'person.set_name' and kind = 'act'
 order by id desc limit 1"""
AS_IF_OLD = """update audit_leaf l set at = '2019-05-03' from audit_event e
 where e.act = %s and (l.event_id, l.at) = (e.id, e."timestamp")"""
COLUMNS = """select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
 where attrelid = 'audit_event'::regclass and attnum > 0 and not attisdropped
   and attgenerated = ''"""


def hide_newest() -> None:
    """A young act, deleted as if it had left with the month."""
    with as_superuser() as server:
        server.execute("alter table audit_event disable trigger all")
        victim = server.execute(NEWEST).fetchone()
        server.execute(AS_IF_OLD, victim)
        server.execute("delete from audit_event where act = %s", victim)


@pytest.mark.parametrize("before", [True, False])
def test_another_is_no_stand_in_for_one_that_left(old, before):
    """Two come back out of the archive and two go instead: the number is right."""
    act(old, 3)
    seal_all()
    with superuser(str(connection.settings_dict["NAME"])) as server:
        kept = "select * from audit_event where timestamp < '2020-01-01' order by id limit 2"
        server.execute(f"create table kept as {kept}")
    retire(old.erin)
    if not before:
        act(old, 1)
    seal_all()
    assert told() == ""
    make_month("2019-05-01", "2019-06-01")
    with as_superuser() as server:
        server.execute(f"alter table {MONTH} disable trigger all")
        [(columns,)] = server.execute(COLUMNS).fetchall()
        server.execute(
            f"insert into audit_event ({columns}) overriding system value"
            f" select {columns} from kept"
        )
        server.execute("drop table kept")
    hide_newest()
    assert (f"other events of {MONTH} are gone" if before else "was deleted") in told()


def test_since_and_a_sample_name_a_young_one_too(old):
    retire(old.erin)
    act(old, 2)
    seal_all()
    since = rows("select min(size) from audit_checkpoint")[0]
    act(old, 3)
    seal_all()
    hide_newest()
    for scope in (["--since", str(since)], ["--sample", "100000"]):
        with pytest.raises(CommandError, match="was deleted"):
            call_command("verify_trail", *scope, "--as", "dana")


def test_a_sample_accuses_no_lawful_retirement(old):
    retire(old.erin)
    assert told() == ""
    call_command("verify_trail", "--sample", "20", "--as", "dana")


@pytest.mark.parametrize("size", [10, 10_000])
def test_a_key_that_was_replaced_signs_nothing_of_now_away(cast, size):
    """Neither by the size that the tree has now, nor by one of its own time."""
    act(cast, 5)
    seal_all()
    stolen = keys.signer()
    name = keys.mine(stolen).name
    new_key = base64.b64encode(os.urandom(32)).decode()
    Path(settings.SEAL_KEY_FILE).write_text(f"{new_key}\n")
    call_command("seal", "--rotate", "--as", "erin")
    act(cast, 3)
    seal_all()
    assert told() == ""
    with as_superuser() as server:
        [(today,)] = server.execute("select min(timestamp)::date from audit_event").fetchall()
        server.execute("delete from audit_event where verb like '%set_name%'")
        record = Retirement(
            "audit_event_x", today, today + timedelta(days=1), 16, "0" * 64, "x", "", "0" * 64, size
        )
        server.execute("alter table audit_retirement disable trigger all")
        note = notes.sign(record.text(name), name, stolen)
        server.execute(retention.ADD, as_row(record, note))
    found = "\n".join(str(problem) for problem in check().problems)
    assert "the retirement of audit_event_x: " in found
    assert "was deleted" in found


BLANK = "update audit_leaf set who_salt = null, who_gone = uuidv7() where seq = %s"
EMPTY = """update audit_event set actor_repr = '', on_behalf_of = '', remote_addr = null, agent = ''
 where (id, "timestamp") = (select event_id, at from audit_leaf where seq = %s)"""


@pytest.mark.parametrize("how", ["full", "since", "sample"])
def test_a_blank_that_no_act_made_is_named_by_every_scope(cast, how):
    act(cast, 4)
    seal_all()
    since = rows("select min(size) from audit_checkpoint")[0]
    act(cast, 4)
    seal_all()
    with as_superuser() as server:
        [(seq,)] = server.execute("select max(seq) - 3 from audit_leaf").fetchall()
        server.execute("alter table audit_event disable trigger all")
        server.execute(EMPTY, [seq])
        server.execute(BLANK, [seq])
    scope = {"full": [], "since": ["--since", str(since)], "sample": ["--sample", "100000"]}[how]
    with pytest.raises(CommandError, match="was erased, and no sealed plan"):
        call_command("verify_trail", *scope, "--as", "dana")
