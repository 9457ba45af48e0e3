"""Production as it is written down: the file's promises, and each command of ours as it stands."""

from __future__ import annotations

import base64
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("web", "listener", "worker", "beat", "sealer", "migrate")
BY_OPERATOR = {"GATEHOUSE_HOST": "gatehouse.example.org", "WEB_WORKERS": "2"}
START_SECONDS = 40
# What each says first: a check is a process, so none is asked before.
READY = {"web": "Started worker", "listener": "", "worker": "ready.", "beat": "", "sealer": ""}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_locked_down(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert re.fullmatch(r"[\w/-]+:\d+(\.\d+)+[\w.-]*", service["image"]), "pin the image"
    assert not service.get("privileged")


def test_only_the_proxy_is_published_and_the_servers_have_no_network() -> None:
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["proxy"]
    for name in ("database", "redis", "beat", "migrate"):
        assert SERVICES[name]["network_mode"] == "none"
    assert SERVICES["proxy"]["networks"] == ["outside", "inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_only_migrate_gets_the_owner() -> None:
    users = [name for name in SERVICES if "database_owner_url" in SERVICES[name].get("secrets", [])]
    assert users == ["migrate", "database"]  # the second one sets its password


def test_only_the_sealer_gets_its_key() -> None:
    users = [name for name in SERVICES if "seal_key" in SERVICES[name].get("secrets", [])]
    assert users == ["sealer"]
    writers = [
        n for n in SERVICES if "seal:/var/lib/gatehouse/seal" in SERVICES[n].get("volumes", [])
    ]
    assert writers == ["sealer"]


def test_secrets_are_files_and_never_in_the_environment() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            secret = re.search(r"SECRET|PEPPER|PASSWORD|_URL|_KEY", name) and name != "PUBLIC_URL"
            assert not secret or str(value).startswith(("/run/secrets/", "unix:///run/")), name


def test_everything_that_stays_up_has_a_health_check() -> None:
    assert [name for name in SERVICES if "healthcheck" not in SERVICES[name]] == ["migrate"]


def test_the_image_holds_only_what_is_named() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert not {"!var/", "!.env", "!deploy/", "!.git/", "!tests/"} & set(rules)


def test_the_secrets_script_makes_what_settings_accept(tmp_path: Path) -> None:
    script = tmp_path / "secrets.sh"
    script.write_text((ROOT / "deploy/secrets.sh").read_text())
    first = subprocess.run(["sh", script], capture_output=True, text=True)
    assert first.returncode == 1
    assert "tls_key" in first.stderr
    folder = tmp_path / "secrets"
    before = {place.name: place.read_text() for place in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("email_url", "tls_certificate", "tls_key"):
        (folder / name).write_text("smtp://mail.example.org")
    assert subprocess.run(["sh", script]).returncode == 0
    assert {name: (folder / name).read_text() for name in before} == before
    files = {f"{name.upper()}_FILE": str(folder / name) for name in before if name[0] != "."}
    environment = _operator(os.environ["PATH"]) | files
    environment |= {"REDIS_URL": "unix:///run/redis/redis.sock", "EMAIL_URL": "consolemail://"}
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment |= {
        name: _filled(value)
        for name, value in SERVICES["web"]["environment"].items()
        if name in ("PUBLIC_URL", "ALLOWED_HOSTS", "TRUSTED_PROXY_COUNT")
    }
    done = subprocess.run(check, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@dataclass
class Stack:
    """Our services' commands with the environment of the file, on the servers of this test run."""

    place: Path
    replaced: dict[str, str]

    def environment(self, service: str) -> dict[str, str]:
        written = {n: _filled(v) for n, v in SERVICES[service]["environment"].items()}
        return _operator(os.environ["PATH"]) | written | self.replaced

    def start(self, service: str) -> subprocess.Popen[bytes]:
        with (self.place / f"{service}.log").open("wb") as log:
            return subprocess.Popen(
                [_filled(word) for word in SERVICES[service]["command"]],
                cwd=self.place if "working_dir" in SERVICES[service] else ROOT,
                env=self.environment(service),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def healthy(self, service: str) -> bool:
        kind, *command = SERVICES[service]["healthcheck"]["test"]
        words = [word.replace("$$", "$") for word in command]
        done = subprocess.run(
            ["sh", "-c", *words] if kind == "CMD-SHELL" else words,
            cwd=self.place if "working_dir" in SERVICES[service] else ROOT,
            env=self.environment(service),
            capture_output=True,
        )
        return done.returncode == 0

    def is_up(self, service: str) -> bool:
        return READY[service] in self.log(service) and self.healthy(service)

    def log(self, service: str) -> str:
        return (self.place / f"{service}.log").read_text()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A database of its own, migrated by the command of the file."""
    name = f"compose_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    _recreate(name)
    with tempfile.TemporaryDirectory(prefix="gh-compose-") as folder:
        place = Path(folder)
        addresses = {
            "DATABASE_URL": _named(os.environ["DATABASE_URL"], name),
            "DATABASE_OWNER_URL": _named(os.environ["DATABASE_OWNER_URL"], name),
            "SECRET_KEY": secrets.token_urlsafe(64),
            "API_KEY_PEPPERS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "EMAIL_URL": "consolemail://",
            "SEAL_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "SEAL_WEBHOOK_SECRET": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        for secret, value in addresses.items():
            (place / secret).write_text(f"{value}\n")
        found = Stack(
            place,
            {f"{secret}_FILE": str(place / secret) for secret in addresses}
            | {"REDIS_URL": os.environ["REDIS_URL"], "DATA_DIR": folder}
            | {"DECISION_STAMPS": str(place / "stamps")}
            | {"GRANIAN_HOST": "127.0.0.1", "GRANIAN_PORT": str(_free_port())},
        )
        assert found.start("migrate").wait(120) == 0, found.log("migrate")
        yield found
    _drop(name)


def test_all_come_up_and_stop_when_asked(stack: Stack) -> None:
    """Side by side, as they stand in the file."""
    started = {service: stack.start(service) for service in READY}
    try:
        for service, process in started.items():
            assert _becomes_true(partial(stack.is_up, service), process), stack.log(service)
    finally:
        for process in started.values():
            process.terminate()
        ends = {service: process.wait(30) for service, process in started.items()}
    assert ends == dict.fromkeys(READY, 0), [stack.log(service) for service in ends]


def test_production_refuses_to_start_without_a_secret(stack: Stack) -> None:
    (stack.place / "weak").write_text("changeme")
    weaker = Stack(stack.place, stack.replaced | {"SECRET_KEY_FILE": str(stack.place / "weak")})
    process = weaker.start("migrate")
    assert process.wait(30) != 0
    assert "SECRET_KEY: 50 random characters" in weaker.log("migrate")


def _operator(path: str) -> dict[str, str]:
    """Nothing of this process's own settings, and the programs of this virtual environment."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{path}",
        "PYTHONPATH": str(ROOT),
        "GATEHOUSE_ENV": "production",
    }


def _filled(value: object) -> str:
    """What compose does with ${NAME}, ${NAME:-default} and ${NAME:?message}."""
    pattern = r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}"
    return re.sub(pattern, lambda m: BY_OPERATOR.get(m[1], m[2] or ""), str(value))


def _named(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


def _superuser(database: str = "postgres") -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], dbname=database, autocommit=True)


def _recreate(name: str) -> None:
    _drop(name)
    with _superuser() as server:
        server.execute(f'create database "{name}"')
    with _superuser(name) as fresh:
        fresh.execute((ROOT / "governance/database.sql").read_bytes())


def _drop(name: str) -> None:
    with _superuser() as server:
        server.execute(f'drop database if exists "{name}" with (force)')


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _becomes_true(answer: Callable[[], bool], process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if answer():
            return True
        time.sleep(0.2)
    return False
