"""nginx, Caddy, Traefik and Envoy with the sample configurations, before a real model server."""

from __future__ import annotations

import json
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from accounts.actions import grants
from accounts.models import Grant
from accounts.point import point
from tests.deciding.remembered import wait_until
from tests.gateway import model_server, programs
from tests.gone import Ear, OwnRedis, database_gone, own_redis
from tests.rest import caller

INFER = "/v1/models/tumour/infer"
BODY = json.dumps({"inputs": [1, 2]}).encode()


@dataclass
class Reply:
    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        lines = [line.partition(":") for line in self.head.split("\r\n")[1:]]
        return next((v.strip() for n, _, v in lines if n.lower() == name.lower()), "")

    @property
    def reached(self) -> bool:
        """Did the model answer?"""
        return b'"seen"' in self.body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Front:
    """A proxy, spoken to in bytes: no client tidies up what a test sends."""

    port: int
    gate: Any
    gone: int = 0  # what it answers when Gatehouse is not there
    frozen: int | None = None  # and when it never answers
    redis: OwnRedis | None = None  # its own, so that it can be ended

    def send(self, method: str, path: str, key: str = "", *more: str, host: str = "") -> Reply:
        body = BODY if method == "POST" else b""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {host or programs.HOST}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *([f"Authorization: Bearer {key}"] if key else []),
            *more,
        ]
        with socket.create_connection(("127.0.0.1", self.port), 10) as wire:
            wire.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            raw = b""
            while not whole(raw) and (more_of_it := wire.recv(65536)):
                raw += more_of_it
        head, _, rest = raw.partition(b"\r\n\r\n")
        text = head.decode("latin-1")
        if "chunked" in text.lower():
            rest = rest.partition(b"\r\n")[2].rpartition(b"\r\n0\r\n")[0]
        return Reply(int(text.split()[1]) if text else 0, text, rest)


def whole(raw: bytes) -> bool:
    """Envoy closes a second after its answer where it did not read what was sent."""
    head, _, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return length is not None and len(body) >= int(length[1])


GONE = {"nginx.conf": 500, "Caddyfile": 502, "traefik.yml": 500, "envoy.yaml": 503}
FROZEN = {"nginx.conf": 500, "Caddyfile": 504, "envoy.yaml": 503}  # Traefik's 30 s are built in


@pytest.fixture
def ear(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Ear]:
    """A listener for the server under test, that a test can end."""
    settings.DECISION_STAMPS = tmp_path / "stamps"
    point.forget()
    found = Ear()
    wait_until(lambda: point.current() is not None)
    yield found
    found.end()
    point.forget()


@pytest.fixture(params=list(programs.PROXIES))
def front(request: Any, ear: Any, served: Any, tmp_path: Path) -> Iterator[Front]:
    if sys.platform != "linux":
        pytest.skip("the wheels of the proxies are for Linux")
    name = request.param
    with ExitStack() as stack:
        redis = stack.enter_context(own_redis(tmp_path))
        where = {"REDIS_URL": redis.url, "DECISION_STAMPS": str(settings.DECISION_STAMPS)}
        gate, child = stack.enter_context(programs.gatehouse(tmp_path, **where))
        model = stack.enter_context(model_server.serving())
        listen = programs.free_port()
        config = programs.sample(name, tmp_path, gate, model, listen)
        command = programs.PROXIES[name](config)
        home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        stack.enter_context(programs.running(command, listen, tmp_path, **home))
        found = Front(listen, child, GONE[name], FROZEN.get(name), redis)
        until = time.monotonic() + 10
        while found.send("GET", "/").status != 401 and time.monotonic() < until:
            time.sleep(0.05)  # it listens before it has read its routes
        yield found


ELSEWHERE = "/v1/models/secret/infer"
FORGED = [
    ("X-Original-URI", INFER),
    ("X_Original_URI", INFER),
    ("X-Original_URI", INFER),
    ("X-Original-Method", "POST"),
    ("X_Original_Method", "POST"),
    ("X-Forwarded-Uri", INFER),
    ("X_Forwarded_Uri", INFER),
    ("X-Forwarded_Uri", INFER),
    ("X_Forwarded-Uri", INFER),
    ("X-Forwarded-Method", "POST"),
    ("X_Forwarded_Method", "POST"),
    ("X-Forwarded-Host", programs.HOST),
    ("X-HTTP-Method-Override", "POST"),
    ("X-Rewrite-URL", INFER),
]
TRICKS = [
    "/v1/models/secret/../tumour/infer/../../secret/infer",
    "/v1/models/tumour/infer/../../secret/infer",
    "/v1/models/secret%2f..%2ftumour/infer",
    "/v1/models/tumour%2finfer",
    "/v1/models/tumour%252finfer",
    "/v1/models/tumour;x/infer",
    "/v1/models/tumour\\infer",
    "//v1/models/tumour/infer",
    "/v1//models/tumour/infer",
    "/v1/models/%2e%2e/infer",
    "/v1/models/tumour/infer%00",
    "/v1/models/tumour/infer%",
]


def test_a_proxy_lets_through_what_is_granted_and_nothing_else(front, ear, cast, served):
    bob, charlie = caller(cast.bob).secret, caller(cast.charlie).secret

    answer = front.send("POST", INFER, bob, "X-Authz-Subject: erin", "x-authz-subject: erin")
    assert answer.status == 200, (answer.head, answer.body)
    assert 0.5 < answer.json["probability"] < 0.6
    seen = answer.json["seen"]
    assert seen["x-authz-subject"] == "bob"
    assert seen["x-authz-decision-id"]
    assert bob not in json.dumps(answer.json)  # the key stays with Gatehouse

    assert front.send("GET", "/v1/models/tumour", bob).status == 200
    nobody = front.send("POST", INFER)
    assert nobody.status == 401
    assert nobody.header("WWW-Authenticate").startswith("Bearer")
    assert front.send("POST", INFER, bob + "x").status == 401
    assert front.send("POST", INFER, charlie).status == 403
    assert front.send("POST", ELSEWHERE, bob).status == 403
    assert front.send("GET", INFER, bob).status == 403
    assert front.send("GET", "/", bob).status == 403
    assert not front.send("POST", INFER, bob, host="other.example.org").reached

    with database_gone():
        for key in (bob, charlie, bob, charlie):
            lost = front.send("POST", INFER, key)
            assert 500 <= lost.status < 600, lost.head
            assert not lost.reached
    says_right(front, bob, charlie)
    assert front.redis is not None
    front.redis.end()
    says_right(front, bob, charlie)
    ear.end()
    says_right(front, bob, charlie)
    if front.frozen:
        with frozen(front.gate):
            waited = front.send("POST", INFER, bob)
        assert (waited.status, waited.reached) == (front.frozen, False), waited.head
    says_right(front, bob, charlie)

    for name, value in FORGED:
        for path in (ELSEWHERE, "/"):
            method = "POST" if path == ELSEWHERE else "GET"
            forged = front.send(method, path, bob, f"{name}: {value}")
            assert forged.status in (400, 403), (name, path, forged.head)
        assert front.send("POST", INFER, charlie, f"{name}: {value}").status in (400, 403)
    for path in TRICKS:
        tricked = front.send("POST", path, bob)
        # What a proxy itself makes of it is asked about, and is what the model gets.
        clean = tricked.status == 200 and tricked.json["path"] == INFER
        assert clean or tricked.status in (400, 403), (path, tricked.head)

    wait_until(lambda: point.current() is None)
    says_right(front, bob, charlie)
    grants.revoke(Grant.objects.get(user=cast.bob, resource=served), by=cast.erin)
    assert front.send("POST", INFER, bob).status == 403

    programs.stop(front.gate)
    gone = front.send("POST", INFER, bob)
    assert gone.status == front.gone, gone.head
    assert not gone.reached


@contextmanager
def frozen(gate: Any) -> Iterator[None]:
    """It accepts and never answers, as with a database that does not."""
    parts = [gate, *psutil.Process(gate.pid).children(recursive=True)]
    for part in parts:
        part.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for part in parts:
            part.send_signal(signal.SIGCONT)


def says_right(front: Front, bob: str, charlie: str) -> None:
    assert front.send("POST", INFER, bob).status == 200
    assert front.send("POST", INFER, charlie).status == 403
    assert front.send("POST", INFER, charlie).status == 403  # again, which is only counted


def test_why_a_proxy_drops_headers_with_underscores(transactional_db, cast, served, tmp_path):
    """To a WSGI application X_Forwarded_Uri is X-Forwarded-Uri: the samples keep it out."""
    bob = caller(cast.bob).secret
    forged = (f"X_Forwarded_Uri: {INFER}", "X_Forwarded_Method: POST")
    with programs.gatehouse(tmp_path) as (port, child):
        front = Front(port, child)
        host = f"X-Forwarded-Host: {programs.HOST}"
        assert front.send("GET", "/authz/forward", bob, host).status == 403
        assert front.send("GET", "/authz/forward", bob, host, *forged).status == 200


def test_a_fault_is_neither_yes_nor_no(transactional_db, cast, served, tmp_path):
    bob = caller(cast.bob).secret
    asks = ("X-Original-Method: POST", f"X-Original-URI: {INFER}")
    with programs.gatehouse(tmp_path, database="nowhere") as (port, child):
        front = Front(port, child)
        host = f"X-Original-Host: {programs.HOST}"
        assert front.send("GET", "/authz/forward", bob, host, *asks).status == 500
