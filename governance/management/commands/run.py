"""`manage.py run`: web, listener, worker and beat in one process tree that ends together."""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from governance import embedded
from governance.embedded import child

START_SECONDS = 60
STOP_SECONDS = 6


STEADY_SECONDS = 60  # whoever lived this long is started again at once, as after the first end
LONGEST_PAUSE = 60.0


@dataclass
class Child:
    name: str
    log: Path
    command: list[str]
    process: subprocess.Popen[bytes]
    since: float
    pause: float = 0.0  # seconds before it was last started
    again: float | None = None  # when it is to be started again


def _start(name: str, log: Path, command: list[str]) -> subprocess.Popen[bytes]:
    # A worker that is asked to end waits for its jobs and its broker, which is gone by then; its
    # jobs are acknowledged late, so what is cut off runs again.
    death = signal.SIGKILL if name == "worker" else signal.SIGTERM
    return child.spawn(command, log, death=death, cwd=embedded.ROOT)


class Command(BaseCommand):
    help = "Runs everything: migrates, loads the demo on first run, serves until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-parent", action="store_true", help="Stop when the calling process dies."
        )

    def handle(self, *, with_parent: bool, **options: object) -> None:
        data = embedded.data_dir()
        with _only_run(data), _stoppable():
            try:
                if with_parent:
                    child.die_with(os.getppid(), signal.SIGTERM)()
                port = _free_port()
                self._migrate(data)
                self._serve(data, port)
            except KeyboardInterrupt:
                self._say("Stopped.")

    def _migrate(self, data: Path) -> None:
        if "owner" not in settings.DATABASES:
            raise CommandError("Set DATABASE_OWNER_URL: the role that migrates owns the tables.")
        first = not MigrationRecorder(connections["owner"]).has_table()
        call_command("migrate", database="owner", interactive=False)
        pending = data / "demo-pending"  # a first run that was interrupted is finished by the next
        local = os.environ.get("GATEHOUSE_ENV") == "embedded" and os.environ.get("DEMO") != "0"
        if local and first:
            pending.touch()
        if local and pending.exists():
            self._say("Loading the demo…")
            call_command("demo")
            pending.unlink()
        connections.close_all()

    def _serve(self, data: Path, port: int) -> None:
        children: list[Child] = []
        try:
            for name, command in _commands(data, port).items():
                log = data / "log" / f"{name}.log"
                log.parent.mkdir(mode=0o700, exist_ok=True)
                process = _start(name, log, command)
                children.append(Child(name, log, command, process, time.monotonic()))
            _wait_until_ready(children, port)
            self._announce(data, port)
            while True:
                _require_alive(children)
                self._revive(children)
                time.sleep(0.3)
        finally:
            _stop(children)

    def _revive(self, children: list[Child]) -> None:
        """The site does without its listener, so it is started again: at once, then ever later."""
        for one in children:
            if not child.ended(one.process):
                continue
            now = time.monotonic()
            if one.again is None:
                steady = now - one.since > STEADY_SECONDS
                one.pause = 0.5 if steady or not one.pause else min(2 * one.pause, LONGEST_PAUSE)
                one.again = now + one.pause
                self._say(
                    f"{one.name} ended: decisions come from the database; it is started again in"
                    f" {one.pause:g} s ({one.log})."
                )
            elif now >= one.again:
                child.end(one.process, seconds=0)  # with whatever it left
                one.process = _start(one.name, one.log, one.command)
                one.since, one.again = now, None

    def _announce(self, data: Path, port: int) -> None:
        self._say(f"Gatehouse: http://127.0.0.1:{port}/  (logs: {data / 'log'}; stop: Ctrl-C)")
        password = data / "demo-password"
        if password.exists():
            self._say(
                "Sign in as alice, bob, charlie, dana, erin or petra"
                f" with the password {password.read_text().strip()}"
            )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _commands(data: Path, port: int) -> dict[str, list[str]]:
    # The checks are made: this command began with them.
    celery = [sys.executable, "-m", "celery", "--skip-checks", "-A", "governance.celery"]
    return {
        "web": [
            *(sys.executable, "-m", "granian", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "2", "--blocking-threads", "4", "governance.wsgi:application"),
        ],
        # Beside the web processes: while it hears, decisions come out of memory.
        "listener": [sys.executable, str(embedded.ROOT / "manage.py"), "listen"],
        # Threads: one process, which ends as a whole.
        "worker": [*celery, "worker", "--pool", "threads", "--loglevel", "info"],
        "beat": [
            *(*celery, "beat", "--loglevel", "info"),
            # Our own lock keeps a second beat away; a pid file would outlive a kill.
            *("--pidfile", "", "--schedule", str(data / "celerybeat-schedule")),
        ],
    }


@contextmanager
def _only_run(data: Path) -> Iterator[None]:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(
                f"Gatehouse already runs on {data}. Stop it first, or start another one with"
                " its own folder and port: DATA_DIR=… PORT=… make run"
            ) from error
        yield


@contextmanager
def _stoppable() -> Iterator[None]:
    """Also for SIGTERM, and for SIGINT where a shell's `&` had it ignored."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.signal(one, signal.default_int_handler) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _free_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT={text} is not a port: give a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as error:
            raise CommandError(
                f"Port {text} cannot be used ({error.strerror}): choose another one, PORT=8001"
            ) from error
    return int(text)


def _wait_until_ready(children: list[Child], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _ready(port):
        _require_alive(children)
        if time.monotonic() > deadline:
            web = children[0]
            raise CommandError(
                f"http://127.0.0.1:{port}/readyz did not answer 200 within {START_SECONDS} s."
                f" The end of {web.log}:\n{child.tail(web.log)}"
            )
        time.sleep(0.05)


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)  # knows no proxy
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _require_alive(children: list[Child]) -> None:
    """All but the listener, without which decisions come from the database."""
    for one in children:
        if one.name != "listener" and child.ended(one.process):
            raise CommandError(f"{one.name} ended. The end of {one.log}:\n{child.tail(one.log)}")


def _stop(children: list[Child]) -> None:
    """All are asked at once; impatience (a second Ctrl-C) must not leave the work half done."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    for each in children:
        child.ask(each.process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for each in children:
        child.end(each.process, seconds=deadline - time.monotonic())
