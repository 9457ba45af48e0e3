"""A decision and a page are reads: they write nothing and work out nothing through the lineage."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import grants
from accounts.decision import answer, decide
from accounts.explanation import explain
from accounts.permissions import Permission
from accounts.queries import what_can, who_can
from registry.actions import assets, files, states, versions
from tests.acting import nothing_written, rows
from tests.cast import Cast, role
from tests.conftest import Committed, superuser
from tests.deciding.remembered import believed, published

WORKS_OUT = {"accounts_settle", "accounts_fresh", "accounts_relive"}
SCANS = "select seq_scan + coalesce(idx_scan, 0) from pg_stat_xact_user_tables where relname = %s"


def chain(cast: Cast) -> tuple[Cast, Any, Any]:
    """A published model, made from a version of the scans; Bob reads both."""
    scans = published(cast)
    source = approved(cast, scans)
    model = assets.register(cast.oncology, "model", slug="tumour", by=cast.alice)
    states.set_state(model, "published", by=cast.alice)
    grants.give(role("reader"), cast.bob, model, by=cast.alice)
    return cast, model, approved(cast, model, source)


def approved(cast: Cast, asset: Any, *sources: Any) -> Any:
    version = versions.open_version(asset, by=cast.alice)
    for source in sources:
        versions.record_lineage(version, source, "trained_on", by=cast.alice)
    files.refer(version, "x", uri="s3://b/x", size=1, sha256="0" * 64, by=cast.alice)
    return versions.approve(version, by=cast.alice)


@pytest.fixture(scope="module")
def built(committed: Committed) -> bytes:
    return committed(chain)


@pytest.fixture
def world(built, heard) -> Any:
    """With a count of calls of every function of the database."""
    name = connection.settings_dict["NAME"]
    with superuser() as server:
        server.execute(f"""alter database "{name}" set track_functions to 'all'""")
    connection.close()
    yield pickle.loads(built)
    connection.close()


def called() -> set[str]:
    return set(rows("select funcname from pg_stat_xact_user_functions where calls > 0"))


def scans(table: str) -> int:
    return int(rows(SCANS, table)[0])


@contextmanager
def reads() -> Iterator[None]:
    """One transaction, of which the server itself says what it did."""
    with transaction.atomic():
        yield
        assert nothing_written()
        assert not called() & WORKS_OUT


def test_the_measure_sees_what_a_change_works_out(world):
    cast, model, _ = world
    with transaction.atomic():
        before = scans("accounts_resource")
        assets.edit(model, required_agreements=[], name="Tumours", by=cast.alice)
        assert called() >= {"accounts_settle"}
        assert scans("accounts_resource") > before
        assert not nothing_written()


def test_a_decision_reads_what_was_worked_out(world):
    """Of the version that was made from another one: neither its lineage nor the tree is walked."""
    cast, model, made = world
    questions = [
        (person, permission, place)
        for person in (cast.alice, cast.bob, cast.charlie)
        for permission in (Permission.READ, Permission.DOWNLOAD)
        for place in (made, model)
    ]
    for way in (by_statement, by_decide, out_of_memory):
        with reads():
            before = {table: scans(table) for table in ("accounts_resource", "registry_lineage")}
            said = {way(*question) for question in questions}
            assert said == {"allowed", "no_grant"}
            assert {table: scans(table) for table in before} == before, way
            assert called() >= {"accounts_decide"} or way is out_of_memory


def by_statement(person: Any, permission: str, place: Any) -> str:
    return answer(person, permission, place, "", None, timezone.now()).reason


def by_decide(person: Any, permission: str, place: Any) -> str:
    return decide(person, permission, place).reason


def out_of_memory(person: Any, permission: str, place: Any) -> str:
    """Entries are read here: nothing is remembered yet."""
    told = believed().answer(person.pk, permission, place.pk, "", None)
    assert told is not None
    return told[0]


def test_the_lists_and_the_whole_path_are_reads(world):
    cast, _, made = world
    with reads():
        assert explain(cast.alice, Permission.DOWNLOAD, made).allowed
        assert "bob" in [who.username for who in who_can(made, Permission.DOWNLOAD)]
        assert made.pk in what_can(cast.bob, Permission.DOWNLOAD)


PAGES = [
    "/catalogue/",
    "/catalogue/oncology/",
    "/catalogue/oncology/ct-scans/",
    "/catalogue/oncology/tumour/",
    "/catalogue/oncology/tumour@v1/",
    "/grants/",
    "/api/v1/models",
    "/api/v1/versions",
]


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_a_page_is_a_read(world, name):
    client = Client()
    client.force_login(getattr(world[0], name), "accounts.backend.SignInBackend")
    connection.close()  # with its counts of what signing in did
    for path in PAGES:
        with reads(), CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200, path
        for query in seen.captured_queries:
            first = query["sql"].split()[0].lower()
            assert first in ("select", "savepoint", "release", "with", "set", "begin"), query["sql"]
            assert "recursive" not in query["sql"].lower()
