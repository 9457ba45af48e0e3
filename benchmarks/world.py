"""A database of the benchmark's own, with the cast in it; and how a figure is told."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
NAME = "gatehouse_bench"
listener = 0  # its process, while it listens


def prepare(name: str = NAME) -> bool:
    """Make the database, point this process at it, migrate; False when it was kept from before."""
    with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], autocommit=True) as server:
        found = server.execute("select 1 from pg_database where datname = %s", [name])
        kept = name != NAME and found.fetchone() is not None
        if not kept:
            server.execute(f'drop database if exists "{name}" with (force)')
            server.execute(f'create database "{name}"')
    point_at(name)
    if kept:
        return False
    with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], autocommit=True) as fresh:
        fresh.execute((ROOT / "governance" / "database.sql").read_text())
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "--database", "owner", "--verbosity", "0"], check=True)
    return True


def drop(name: str) -> None:
    parts = urlsplit(os.environ["DATABASE_SUPERUSER_URL"])
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server:
        server.execute(f'drop database "{name}" with (force)')


def superuser(name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], dbname=name, autocommit=True)


def point_at(name: str) -> None:
    """This process, and those that it starts."""
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SUPERUSER_URL"):
        parts = urlsplit(os.environ[variable])
        os.environ[variable] = urlunsplit(parts._replace(path=f"/{name}"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"


def machine() -> None:
    cores = len(os.sched_getaffinity(0))
    facts = {"machine": platform.machine(), "cores": cores, "python": platform.python_version()}
    print(json.dumps(facts), flush=True)


def seconds(function: Callable[[], Any], times: int) -> float:
    """Median of one call, after a warm-up."""
    for _ in range(max(3, times // 10)):
        function()
    laps = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        laps.append(time.perf_counter() - start)
    return statistics.median(laps)


def alternate(a: Callable[[], Any], b: Callable[[], Any], times: int) -> tuple[float, float]:
    """Medians of both, measured in turn, so that the machine's mood hits both alike."""
    pairs = [(seconds(a, times // 5), seconds(b, times // 5)) for _ in range(5)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def figure(question: str, value: float, unit: str, target: str, ok: bool, detail: str) -> bool:
    row = {"question": question, "value": round(value, 3), "unit": unit, "target": target}
    print(json.dumps(row | {"ok": ok, "detail": detail}), flush=True)
    return ok


@contextmanager
def server(port: int) -> Iterator[str]:
    """The web process as production runs it, on this machine only."""
    command = [
        "granian",
        "--interface",
        "wsgi",
        "governance.wsgi:application",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        "2",
    ]
    binary = Path(sys.executable).parent / command[0]
    log = (Path(os.environ["DATA_DIR"]) / "bench.log").open("w")
    process = subprocess.Popen([binary, *command[1:]], cwd=ROOT, stdout=log, stderr=log)
    try:
        wait_for(port)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def wait_for(port: int, path: str = "/livez") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            connection = http_client(port)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"The server on port {port} did not come up.")


def empty_crowd() -> None:
    """What crowd.sql drew."""
    with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], autocommit=True) as server:
        server.execute("set session_replication_role = replica")
        for table in ("accounts_userpermission", "accounts_grouppermission"):
            server.execute(
                f"delete from {table} where content_object_id between 1000000 and 9999999"
            )
        server.execute("delete from accounts_grant where resource_id between 1000000 and 9999999")
        server.execute("delete from accounts_standing where resource_id >= 1000000")
        server.execute("delete from accounts_resource where id between 1000000 and 9999999")
        server.execute("delete from accounts_membership where group_id > 1000")
        server.execute("delete from auth_group where id > 1000")
        server.execute("delete from accounts_spell using accounts_user u where u.id = user_id"
                       " and username like 'user%'")  # fmt: skip
        server.execute("delete from accounts_user where username like 'user%'")


@contextmanager
def listening() -> Iterator[subprocess.Popen[bytes]]:
    """The listener of this host, as a process of its own."""
    log = (Path(os.environ["DATA_DIR"]) / "listen.log").open("w")
    command = [sys.executable, str(ROOT / "manage.py"), "listen"]
    global listener
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    listener = process.pid
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit("It did not come.")
        time.sleep(0.01)


def http_client(port: int) -> Any:
    return HTTPConnection("127.0.0.1", port, timeout=10)
