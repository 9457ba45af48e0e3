"""`make run` in one folder: two at once, a busy port, commands beside it, every way to end."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from django.core.management import CommandError, call_command

from governance.embedded import ROOT, child
from governance.embedded.account import socket_folder
from governance.management.commands import run

END_SECONDS = 20
CREATE = "create_admin", "frida", "frida@example.org", "--as", "system"
TWO_COMMANDS = f"""
from django.core.management import call_command
call_command(*{CREATE})
call_command('issue_key', 'frida', '--as', 'frida', '--days', '1')
"""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """Not `tmp_path`: its parents are closed to the account that serves root."""
    with tempfile.TemporaryDirectory(prefix="gh-run-") as folder:
        place = Path(folder).resolve()
        place.chmod(0o711)
        yield place / "var"
        shutil.rmtree(socket_folder(place / "var"), ignore_errors=True)


HAS_ADMIN: set[Path] = set()


@pytest.fixture
def lived_in(data: Path) -> None:
    """Somebody worked here once: in the test before, unless another worker took that one."""
    if data not in HAS_ADMIN:
        _manage(data, "migrate", "--database", "owner")
        made = _manage(data, *CREATE)
        assert made.returncode == 0, made.stderr


@pytest.fixture
def running(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Up and answering, as `make run` starts it."""
    process = _start(data, _free_port())
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Gatehouse: http://127.0.0.1:"):
                break
        else:
            raise AssertionError(f"it did not start:\n{process.communicate()[1]}")
        yield process
    finally:
        with process:
            process.kill()
        _wait_until_gone(data)


def test_commands_run_beside_it_and_ctrl_c_stops_everything(
    data: Path, running: subprocess.Popen[str]
) -> None:
    second = _start(data, _free_port())
    assert "already runs" in second.communicate(timeout=30)[1]
    assert second.returncode == 1
    beside = _manage(data, "shell", "-v0", "-c", TWO_COMMANDS)
    invited, key = beside.stdout.splitlines()
    assert invited.startswith("http://127.0.0.1:") and key.startswith("gthp_"), beside.stderr
    HAS_ADMIN.add(data)
    running.send_signal(signal.SIGINT)
    assert running.wait(END_SECONDS) == 0
    assert not _left(data)


def test_the_data_stays_and_a_kill_leaves_nothing(
    data: Path, lived_in: None, running: subprocess.Popen[str]
) -> None:
    again = _manage(data, "create_admin", "greta", "greta@example.org", "--as", "system")
    assert "There is an admin already" in again.stderr
    assert len(_left(data)) > 4
    running.kill()
    running.wait()
    _wait_until_gone(data)


def test_a_listener_that_dies_comes_back_and_another_part_ends_all_and_is_named(
    data: Path, running: subprocess.Popen[str]
) -> None:
    port = next(one.environ()["PORT"] for one in _left(data) if "granian" in one.cmdline())
    first = _listener(data)
    assert first is not None
    first.kill()
    assert _decided_by(port) in ("memory", "database")
    _wait_until(lambda: (now := _listener(data)) is not None and now.pid != first.pid)
    _wait_until(lambda: _decided_by(port) == "memory")
    worker = next(one for one in _left(data) if "worker" in one.cmdline())
    parent = worker.parent()
    while parent is not None and "worker" in parent.cmdline():  # the pool's children end with it
        worker, parent = parent, parent.parent()
    worker.kill()
    said, errors = running.communicate(timeout=END_SECONDS)
    assert running.returncode == 1
    assert "listener ended: decisions come from the database" in said
    assert "worker ended" in errors
    assert not _left(data)


def test_a_listener_that_keeps_ending_is_started_ever_later(tmp_path: Path) -> None:
    log, command = tmp_path / "listener.log", ["false"]
    one = run.Child("listener", log, command, run._start("listener", log, command), 0.0)
    one.since = time.monotonic()
    said = io.StringIO()
    tend = run.Command(stdout=said)
    for pause in (0.5, 1.0):
        _wait_until(lambda: child.ended(one.process))
        tend._revive([one])
        assert one.pause == pause
        one.again = 0.0  # it has passed
        tend._revive([one])
    child.end(one.process, seconds=5)
    assert said.getvalue().count("it is started again in") == 2


def test_a_busy_port_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        _refused(monkeypatch, tmp_path, str(taken.getsockname()[1]), "Address already in use")


@pytest.mark.parametrize("port", ["65536", "http"])
def test_no_port_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: str) -> None:
    _refused(monkeypatch, tmp_path, port, f"PORT={port} is not a port")


def _refused(monkeypatch: pytest.MonkeyPatch, data: Path, port: str, why: str) -> None:
    """Before anything is migrated or started."""
    monkeypatch.setenv("DATA_DIR", str(data))
    monkeypatch.setenv("PORT", port)
    with pytest.raises(CommandError, match=why):
        call_command("run")
    assert [path.name for path in data.iterdir()] == ["run.lock"]


def _start(data: Path, port: int | str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "run", "--with-parent"],
        cwd=ROOT,
        env=_environment(data) | {"PORT": str(port), "DEMO": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _manage(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
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


def _left(data: Path) -> list[psutil.Process]:
    """Whatever lives of this folder: a server by its arguments, a part of ours by what it got."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("DATA_DIR") == str(data)
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and (mine or any(str(data) in one for one in process.cmdline())):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _listener(data: Path) -> psutil.Process | None:
    return next((one for one in _left(data) if "listen" in one.cmdline()), None)


def _decided_by(port: str) -> str:
    """As the site says; an answer that is none fails."""
    with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
        found: str = json.load(answer)["decisions"]
    return found


def _wait_until_gone(data: Path) -> None:
    try:
        _wait_until(lambda: not _left(data))
    except AssertionError:
        found = [(process.ppid(), process.cmdline()) for process in _left(data)]
        raise AssertionError(f"still there after {END_SECONDS} s: {found}") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + END_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still not, after {END_SECONDS} s"
        time.sleep(0.02)
