"""Whoever stole the application's role may add leaves, tiles and checkpoints: each is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from psycopg.errors import UniqueViolation

from audit.seal import rounds
from audit.seal.sealer import Restored
from tests.acting import rows
from tests.audit.sealing import act, check, told

pytestmark = pytest.mark.django_db(transaction=True)

LEAF = """insert into audit_leaf
  (seq, event_id, at, uid, type, who_salt, who, what_salt, what, hash)
select {seq}, e.id, e."timestamp", e.uid, '', decode(repeat('00', 16), 'hex'), sha256('x'),
       decode(repeat('00', 16), 'hex'), sha256('x'), sha256('x') from audit_event e"""
NEXT = "(select max(seq) + 1 from audit_leaf)"
WAITING = """ where not exists (select from audit_leaf l where l.event_id = e.id)
 order by e.id limit 1"""
CHECKPOINT = """insert into audit_checkpoint (size, frontier, floor, horizon, newest, note, at)
select size, frontier, {floor}, horizon, newest, {note}, {at} from audit_checkpoint
 order by id {order} limit 1"""


def by_application(sql: str, **parts: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**parts))


def replay(**changed: str) -> None:
    """A note that was signed once, in a row of the attacker's own."""
    parts = {"floor": "floor", "note": "note", "at": "at", "order": "desc"} | changed
    by_application(CHECKPOINT, **parts)


def test_no_second_leaf_for_an_event(sealed):
    with pytest.raises(IntegrityError, match="audit_leaf_event_key"):
        by_application(LEAF + " limit 1", seq=NEXT)


def test_a_forged_leaf_of_an_event_that_waits_is_named(sealed):
    """Before the sealer comes by; which signs nothing on top of it."""
    act(sealed, 1)
    by_application(LEAF + WAITING, seq=NEXT)
    uid = str(rows("select uid from audit_leaf order by seq desc limit 1")[0])
    found = [str(one) for one in check().problems]
    assert any(uid in one and "was changed after it was sealed" in one for one in found)
    assert any("the last 1 leaves were never signed for" in one for one in found)
    with pytest.raises(UniqueViolation, match="audit_leaf_pkey"):
        rounds.once()
    with pytest.raises(CommandError, match=uid):
        call_command("verify_trail", "--as", "dana")


def test_a_leaf_beyond_the_tree_is_named(sealed):
    """It would hide its event from the sealer."""
    act(sealed, 1)
    size = rows("select max(seq) + 1 from audit_leaf")[0]
    by_application(LEAF + WAITING, seq=10**12)
    rounds.once()
    assert any("is missing" in str(one) for one in check().problems)
    assert check().size >= size


@pytest.mark.parametrize("level, place", [(0, 7), (1, 0), (40, 0), (0, 2**62)])
def test_a_tile_beyond_the_tree_is_named(sealed, level, place):
    by_application(
        "insert into audit_tile values ({level}, {place}, decode(repeat('00', 8192), 'hex'),"
        " decode(repeat('00', 32), 'hex'))",
        level=level,
        place=place,
    )
    assert told() == f"tile {place} of level {level} is of leaves that are not there"


SIGNATURE = r"regexp_replace(note, '[^ ]+\n$', '{}' || E'\n')"
MADE_UP: dict[str, Callable[[], None]] = {
    "no trusted key signed this": lambda: replay(note=SIGNATURE.format("AAAA")),
    "the signature of": lambda: replay(
        note=r"regexp_replace(note, 'time 2', 'time 3')", at="at + interval '1000 years'"
    ),
}


@pytest.mark.parametrize("problem", MADE_UP)
def test_a_checkpoint_that_no_key_signed_is_named(sealed, problem):
    MADE_UP[problem]()
    assert problem in told()


REPLAYS = {
    "of the last": {},
    "of the first": {"order": "asc"},
    "that skips what comes": {"floor": "9223372036854775806"},
    "of a time to come": {"at": "now() + interval '1 year'"},
}


@pytest.mark.parametrize("name", REPLAYS)
def test_a_checkpoint_that_is_repeated_is_named(sealed, name):
    """Its signature is good: what the sealer reads beside the note is not signed."""
    replay(**REPLAYS[name])
    assert "is no newer than the one before it" in told()


def test_events_that_such_a_checkpoint_skips_are_named_at_once(sealed):
    replay(**REPLAYS["that skips what comes"])
    act(sealed, 1)
    assert rounds.once() == 0
    waits = str(rows("select uid from audit_event order by id desc limit 2")[1])
    assert any("2 events have no leaf" in p.text and p.uid == waits for p in check().problems)


def test_nothing_is_signed_on_top_of_an_older_checkpoint(sealed):
    replay(order="asc")
    act(sealed, 1)
    with pytest.raises(Restored):
        rounds.once()


def test_an_older_checkpoint_blinds_no_sample(sealed):
    size = check().size
    replay(order="asc")
    call_command("verify_trail", "--sample", "1000", "--as", "dana")
    assert rows("select size from audit_checkpoint order by id desc limit 1")[0] < size
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from audit_leaf")
        assert cursor.fetchone()[0] == size
