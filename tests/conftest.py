"""Real PostgreSQL and Redis: a database a worker, cloned back after each committing test."""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TestCase, TransactionTestCase, override_settings
from redis import Redis

from accounts.point import listener, point
from tests.cast import Cast, assemble, gathered

Beneath = Callable[[Callable[[Cast], object]], None]
Committed = Callable[[Callable[[Cast], object]], bytes]
FAST_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SQL = Path(settings.BASE_DIR) / "governance" / "database.sql"


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk it a thousand times."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 50, 50)


def superuser(database: str = "postgres") -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], dbname=database, autocommit=True)


def clone(name: str, source: str) -> None:
    connections.close_all()
    with superuser() as server:
        server.execute(f'drop database if exists "{name}" with (force)')
        server.execute(f'create database "{name}" template "{source}" strategy file_copy')


def drop(name: str) -> None:
    with superuser() as server:
        server.execute(f'drop database if exists "{name}" with (force)')


def worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def seed() -> str:
    """One for all workers of a run."""
    return f"seed_{os.environ.get('PYTEST_XDIST_TESTRUNUID', 'main')[:12]}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Migrate as the owner into a seed; what tests see is a clone of it, as the application."""
    name = f"test_{worker()}"
    with (Path(os.environ["DATA_DIR"]) / "seed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first worker makes it, the others wait
        with superuser() as server:
            found = server.execute("select 1 from pg_database where datname = %s", [seed()])
            made = found.fetchone() is not None and worker() != "main"
        if not made:
            make_seed(django_db_blocker)
        clone(name, seed())
    point_at(name)
    yield
    connections.close_all()
    drop(name)


def make_seed(django_db_blocker: Any) -> None:
    """Under another name until it is whole; those of earlier runs go."""
    with superuser() as server:
        old = server.execute("select datname from pg_database where datname like 'seed_%'")
        for (name,) in old.fetchall():
            drop(name)
        server.execute('create database "seed_draft"')
    with superuser("seed_draft") as fresh:
        fresh.execute(SQL.read_text())
    point_at("seed_draft")
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)
        with override_settings(PASSWORD_HASHERS=FAST_HASHERS):
            assemble()
        connections.close_all()
    with superuser() as server:
        server.execute(f'alter database "seed_draft" rename to "{seed()}"')


def point_at(name: str) -> None:
    for alias in ("default", "owner"):
        connections[alias].settings_dict["NAME"] = name


LAID: list[str] = []


def restore(self: TransactionTestCase) -> None:
    """Triggers are ALWAYS on, so nothing is flushed: the database is cloned back."""
    clone(f"test_{worker()}", LAID[-1] if LAID else seed())


TransactionTestCase._fixture_teardown = restore  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def own_redis() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def _empty(own_redis: Redis) -> None:
    """Folded refusals and caches of one test are not another's."""
    own_redis.flushdb()


@pytest.fixture(scope="session", autouse=True)
def _fast() -> Iterator[None]:
    with override_settings(
        PASSWORD_HASHERS=FAST_HASHERS,
        WHITENOISE_AUTOREFRESH=True,  # each client would list all static files again
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    ):
        yield


@pytest.fixture(autouse=True)
def _own(settings: Any, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path / "blobs"
    settings.SPOOL_ROOT = tmp_path / "spool"
    settings.SEAL_ROOT = tmp_path / "seal"
    settings.SEAL_KEY_FILE = str(tmp_path / "seal" / "key")


@pytest.fixture(scope="session")
def seeded(django_db_setup: None, django_db_blocker: Any) -> bytes:
    """The cast as every test finds it: the same rows, read once."""
    with django_db_blocker.unblock():
        return pickle.dumps(gathered())


@pytest.fixture
def cast(db: None, request: pytest.FixtureRequest, seeded: bytes) -> Cast:
    if "beneath" in request.fixturenames:
        return gathered()
    found: Cast = pickle.loads(seeded)
    return found


@pytest.fixture(scope="module")
def beneath(seeded: bytes, django_db_blocker: Any) -> Iterator[Beneath]:
    """What is built through this, every test of the module starts from; it goes with the last."""
    with laying(django_db_blocker) as lay:
        yield lay


@contextmanager
def laying(blocker: Any) -> Iterator[Beneath]:
    def lay(build: Callable[[Cast], object]) -> None:
        with blocker.unblock():
            build(gathered())

    with blocker.unblock():
        transactions = TestCase._enter_atomics()  # type: ignore[attr-defined]
    yield lay
    with blocker.unblock():
        TestCase._rollback_atomics(transactions)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def committed(seeded: bytes, django_db_blocker: Any) -> Iterator[Committed]:
    """As `beneath`, for tests that commit: to this the database is cloned back. What it gives is
    read anew by each test."""
    mine, laid = f"test_{worker()}", f"laid_{worker()}"

    def lay(build: Callable[[Cast], object]) -> bytes:
        with django_db_blocker.unblock():
            found = pickle.dumps(build(gathered()))
        clone(laid, mine)
        LAID.append(laid)
        return found

    yield lay
    LAID.clear()
    clone(mine, seed())
    drop(laid)


@pytest.fixture
def owner(db: None) -> Iterator[psycopg.Connection[Any]]:
    """The database as its owner; what a test does here is rolled back."""
    with psycopg.connect(**connections["owner"].get_connection_params()) as session:
        yield session
        session.rollback()


@pytest.fixture
def heard(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """With a listener: decisions come out of memory."""
    settings.DECISION_STAMPS = tmp_path / "stamps"
    point.forget()
    thread, stop = listener.in_thread()
    deadline = time.monotonic() + 10
    while point.current() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    yield
    stop.set()
    with connections["default"].cursor() as cursor:  # it looks up when it hears something
        cursor.execute("select pg_notify(%s, '*')", [listener.CHANNEL])
    thread.join(30)
    assert not thread.is_alive()
    point.forget()
