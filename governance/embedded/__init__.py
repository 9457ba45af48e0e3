"""PostgreSQL and Redis without installing them: started or joined while a command runs."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from governance.embedded import child, postgres, redis, secrets
from governance.embedded.account import account_for, own_folder, socket_folder
from governance.embedded.sharing import shared

ROOT = Path(__file__).resolve().parents[2]


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or ROOT / "var").expanduser().resolve()


def wanted() -> bool:
    """Fails closed: half a configuration never ends in a database that nobody asked for."""
    database, broker = (
        bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))
        for name in ("DATABASE_URL", "REDIS_URL")
    )
    if database != broker:
        raise SystemExit("Set both DATABASE_URL and REDIS_URL (real servers), or neither.")
    place = os.environ.get("GATEHOUSE_ENV", "embedded")
    if not database and place != "embedded":
        raise SystemExit(f"GATEHOUSE_ENV={place} needs DATABASE_URL and REDIS_URL.")
    return not database


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Yields, and sets, the environment that settings read; nothing when real servers are named."""
    if not wanted():
        yield {}
        return
    data = _writable(data_dir())
    sockets = socket_folder(data)
    answers = partial(_answers, sockets)
    with shared(data, start=partial(_start, data, sockets), answers=answers):
        environment = {
            "GATEHOUSE_ENV": "embedded",
            "DATA_DIR": str(data),
            **postgres.environment(sockets),
            **redis.environment(sockets),
            **secrets.read(data),
        }
        with _set(environment):
            yield environment


def _start(data: Path, sockets: Path) -> ExitStack:
    """What it returns stops what it started, last first."""
    account = account_for(data / "postgres")
    if account.switches:
        data.chmod(data.stat().st_mode | 0o011)  # our own folder; its parents are not ours to open
    own_folder(sockets, account)
    (data / "log").mkdir(mode=0o700, exist_ok=True)
    secrets.create(data)
    with ExitStack() as running:
        running.callback(shutil.rmtree, sockets, ignore_errors=True)
        running.callback(child.stop, redis.start(data, sockets, account), signal.SIGTERM)
        running.callback(child.stop, postgres.start(data, sockets, account), signal.SIGINT)
        postgres.prepare(sockets)
        return running.pop_all()


def _answers(sockets: Path) -> bool:
    return postgres.answers(sockets, user="gatehouse_app", database="gatehouse") and redis.answers(
        sockets
    )


def _writable(data: Path) -> Path:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"DATA_DIR {data} cannot be made: {error.strerror}.") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise SystemExit(f"DATA_DIR {data} is not yours to write: own it, or set another DATA_DIR.")
    return data


@contextmanager
def _set(environment: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
