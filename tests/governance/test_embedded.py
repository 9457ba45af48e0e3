"""The embedded servers' life: shared, stopped by the last, never outliving or mistaking anyone."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from governance.embedded import ROOT, wanted
from governance.embedded.account import Account, own_folder, socket_folder
from governance.embedded.child import end_orphan

SERVERS = ("postgres", "redis-server")
HOLD = "import sys; print('ready', flush=True); sys.stdin.read()"
PROBE = """
import os, psycopg, redis
row = psycopg.connect(os.environ['DATABASE_URL']).execute('select current_user').fetchone()
print(row[0], redis.Redis.from_url(os.environ['REDIS_URL']).ping())
print(os.environ['SECRET_KEY'], os.environ['API_KEY_PEPPERS'])
"""
SHAPES = """
shapes = 'create table t ()', 'create temp table t ()', 'create role r', 'create database d'
for statement in shapes:
    try:
        psycopg.connect(os.environ['DATABASE_URL'], autocommit=True).execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        print('refused')
"""
BROKER = "broker = redis.Redis.from_url(os.environ['REDIS_URL'])\n"
LEAVE = f"{BROKER}broker.set('job', 1)\nraise SystemExit(7)"
COUNT = """
connection = psycopg.connect(os.environ['DATABASE_URL'])
print(connection.execute('select count(*) from kept').fetchone()[0])
"""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One folder for all, since the first start takes longest; each test leaves it at rest.
    Not `tmp_path`: its parents are closed to the account that serves root."""
    with tempfile.TemporaryDirectory(prefix="gh test ") as folder:
        place = Path(folder).resolve()
        place.chmod(0o711)
        yield place / "var"
        shutil.rmtree(socket_folder(place / "var"), ignore_errors=True)


@pytest.fixture
def hold(data: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a command that uses the servers until its standard input closes."""
    held: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", f"from governance import embedded\n{_holding()}"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(data),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        held.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in held:
        with process:
            process.kill()
    _wait_until(lambda: not _servers(data))


def test_a_command_gets_its_servers_and_the_next_start_finds_what_it_left(data: Path) -> None:
    """Its own exit code comes back; the next one starts over a stranger's process ids."""
    first = _run(data, sys.executable, "-c", PROBE + SHAPES + LEAVE)
    probed, secrets, *refused = first.stdout.splitlines()
    assert (probed, first.returncode) == ("gatehouse_app True", 7), first.stderr
    assert refused == ["refused"] * 4
    assert len(secrets) > 128
    assert not _servers(data)
    for pidfile in (data / "postgres/postmaster.pid", data / "redis.pid"):
        pidfile.write_text(f"{os.getpid()}\n")
        shutil.chown(pidfile, (data / "postgres").stat().st_uid)
    second = _run(data, sys.executable, "-c", f"{PROBE}{BROKER}print(broker.get('job'))")
    assert second.stdout.splitlines() == [probed, secrets, "b'1'"], second.stderr
    assert not _servers(data)


def test_the_second_joins_and_the_last_one_stops(
    data: Path, hold: Callable[[], subprocess.Popen[str]]
) -> None:
    owner = hold()
    running = _servers(data)
    assert len(running) == 2
    for pid in running:
        kinds = {one.status for one in psutil.Process(pid).net_connections(kind="inet")}
        assert psutil.CONN_LISTEN not in kinds, "a server listens on a network"
    assert stat.S_IMODE(socket_folder(data).stat().st_mode) == 0o700
    assert _run(data, "true").returncode == 0
    assert _servers(data) == running, "a guest that leaves stops nothing"
    guest = hold()
    assert _servers(data) == running

    _let_go(owner)
    _waits_for_its_guest(owner)
    assert _servers(data) == running

    _let_go(guest)
    assert guest.wait(5) == 0
    assert owner.wait(10) == 0
    assert not _servers(data)
    assert not socket_folder(data).exists()


def test_kill_of_the_owner_leaves_nothing_and_the_data_stays(
    data: Path, hold: Callable[[], subprocess.Popen[str]]
) -> None:
    create = "import os, psycopg; c = psycopg.connect(os.environ['DATABASE_OWNER_URL'])\n"
    create += "c.execute('create table kept ()'); c.commit()"
    owner = hold()
    assert _run(data, sys.executable, "-c", create).returncode == 0
    owner.kill()
    again = _run(data, sys.executable, "-c", PROBE + COUNT)
    assert again.stdout.splitlines()[0::2] == ["gatehouse_app True", "0"], again.stderr
    assert not _servers(data)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux")
def test_kill_of_the_owner_ends_the_servers_at_once(
    data: Path, hold: Callable[[], subprocess.Popen[str]]
) -> None:
    owner = hold()
    assert _servers(data)
    owner.kill()
    _wait_until(lambda: not _servers(data))


def test_ctrl_c_while_waiting_for_a_guest_stops_the_servers(
    data: Path, hold: Callable[[], subprocess.Popen[str]]
) -> None:
    owner, _guest = hold(), hold()
    _let_go(owner)
    _waits_for_its_guest(owner)
    owner.send_signal(signal.SIGINT)
    assert owner.wait(10) == 0
    assert not _servers(data)


@pytest.mark.parametrize("named", ["sleep", "postgres"])
def test_a_stranger_is_left_alone(tmp_path: Path, named: str) -> None:
    """A stale pid is now a stranger's; or one is called as ours are and names our folder."""
    ours = named == "postgres"
    wait = ["-c", "import time; time.sleep(60)", *([str(tmp_path)] if ours else [])]
    stranger = subprocess.Popen([named, *wait], executable=sys.executable)
    pidfile = tmp_path / "postmaster.pid"
    pidfile.write_text(f"{os.getpid() if ours else stranger.pid}\n")
    try:
        end_orphan(pidfile, tmp_path, signal.SIGINT)
        assert stranger.poll() is None
        assert not pidfile.exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_secrets_that_others_may_read_are_refused(data: Path) -> None:
    if not data.exists():
        assert _run(data, "true").returncode == 0
    secrets = data / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    secrets.chmod(0o640)
    refused = _run(data, "true")
    assert refused.returncode == 1
    assert "chmod 600" in refused.stderr
    assert not _servers(data)
    secrets.chmod(0o600)


def test_a_foreign_socket_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    folder.mkdir()
    with pytest.raises(SystemExit, match="belongs to"):
        own_folder(folder, Account(uid=os.geteuid() + 1, gid=os.getegid()))
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(SystemExit, match="belongs to"):
        own_folder(link, Account(uid=os.geteuid(), gid=os.getegid()))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"GATEHOUSE_ENV": "embedded"}, True),
        ({"DATABASE_URL": "postgres://db/x", "REDIS_URL": "redis://r"}, False),
        ({"DATABASE_URL_FILE": "/run/secrets/db", "REDIS_URL": "redis://r"}, False),
    ],
)
def test_real_servers_are_named_in_full_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: bool
) -> None:
    _only(monkeypatch, environment)
    assert wanted() is expected


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": "postgres://db/x"},
        {"REDIS_URL": "redis://r"},
        {"GATEHOUSE_ENV": "production"},
    ],
)
def test_half_a_configuration_is_refused(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    _only(monkeypatch, environment)
    with pytest.raises(SystemExit, match="DATABASE_URL and REDIS_URL"):
        wanted()


def _only(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.delenv("GATEHOUSE_ENV", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def _holding() -> str:
    """Ctrl-C reaches it also when this run was itself started in the background of a shell."""
    body = "\n".join(f"    {line}" for line in HOLD.split("; "))
    hear = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    return f"{hear}\nwith embedded.servers():\n{body}"


def _let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def _waits_for_its_guest(owner: subprocess.Popen[str]) -> None:
    """It says so, and does so."""
    assert owner.stderr is not None
    assert "waiting for them" in owner.stderr.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        owner.wait(0.2)


def _run(data: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "governance.embedded", *command],
        cwd=ROOT,
        env=_environment(data),
        capture_output=True,
        text=True,
        timeout=60,
    )


def _environment(data: Path) -> dict[str, str]:
    outer = ("DATABASE_", "REDIS_", "SECRET_KEY", "API_KEY_PEPPERS", "GATEHOUSE_ENV", "DATA_DIR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return {**kept, "DATA_DIR": str(data), "GATEHOUSE_FAST": "1"}


def _servers(data: Path) -> set[int]:
    """The servers of this folder alone, whoever started them."""
    found = set()
    for process in psutil.process_iter(["name", "cmdline"]):
        arguments = process.info["cmdline"] or []
        if process.info["name"] in SERVERS and any(str(data) in one for one in arguments):
            found.add(process.pid)
    return found


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "still not, after 10 s"
        time.sleep(0.02)
