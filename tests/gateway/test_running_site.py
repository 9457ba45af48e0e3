"""A running site, asked over HTTP: the certification fixture, and what goes while it answers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.actions import grants
from accounts.models import Grant
from accounts.point import point
from accounts.point.stamps import clock
from tests.deciding.remembered import believed_until, wait_until
from tests.gateway import programs
from tests.gateway.test_certification import CONTEXT, MANDATED
from tests.gateway.test_forward import nginx
from tests.gone import Ear, OwnRedis, database_gone, own_redis
from tests.rest import caller

EVALUATION = "/access/v1/evaluation"


class Site:
    """A server process, with a Redis of its own and a listener on its host."""

    def __init__(self, port: int, redis: OwnRedis, ear: Ear) -> None:
        self.port, self.redis, self.ear = port, redis, ear

    def send(self, method: str, path: str, key: str, body: Any = None, **headers: str) -> Any:
        """Status and body."""
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | headers
        wire.request(method, path, None if body is None else json.dumps(body), sent)
        answer = wire.getresponse()
        text = answer.read()
        wire.close()
        told = answer.headers["Content-Type"] or ""
        return answer.status, json.loads(text) if "json" in told else text.decode()

    def forward(self, key: str) -> int:
        status: int = self.send("GET", "/authz/forward", key, **nginx())[0]
        return status


@pytest.fixture
def site(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Site]:
    settings.DECISION_STAMPS = tmp_path / "stamps"
    point.forget()
    with own_redis(tmp_path) as redis:
        ear = Ear()
        where = {
            "REDIS_URL": redis.url,
            "DECISION_STAMPS": str(settings.DECISION_STAMPS),
            "DATA_DIR": str(tmp_path),
        }
        with programs.gatehouse(tmp_path, **where) as (port, _):
            wait_until(lambda: point.current() is not None)
            yield Site(port, redis, ear)
        ear.end()
    point.forget()


def test_the_certification_fixture_loaded_beside_it(site, settings, tmp_path):
    """Whoever has the key that the command prints, asks the server."""
    settings.DATA_DIR = tmp_path
    out = StringIO()
    call_command("demo", "--authzen", stdout=out)
    key = out.getvalue().removesuffix("\n")
    for rule, (body, decision) in MANDATED.items():
        for asked in (body, body | {"context": CONTEXT}, body):
            status, told = site.send("POST", EVALUATION, key, asked)
            assert (status, told["decision"]) == (200, decision), (rule, told)


def question(name: str) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": name},
        "action": {"name": "invoke"},
        "resource": {"type": "model", "id": "oncology/tumour"},
    }


class Doors:
    """Whom the check endpoint and forward-auth let through; both are asked twice."""

    def __init__(self, site: Site, cast: Any) -> None:
        self.site = site
        self.keys = {name: caller(getattr(cast, name)).secret for name in ("bob", "charlie")}
        self.asker = caller(cast.alice).secret

    def check(self, name: str) -> tuple[int, Any]:
        status, told = self.site.send("POST", EVALUATION, self.asker, question(name))
        return status, told["decision"] if status == 200 else None

    def are_right(self, bob: bool) -> None:
        for _ in range(2):
            assert self.check("bob") == (200, bob)
            assert self.check("charlie") == (200, False)
            assert self.site.forward(self.keys["bob"]) == (200 if bob else 403)
            assert self.site.forward(self.keys["charlie"]) == 403

    def close_after(self, until: int) -> None:
        """What is not remembered, or asked later, is a fault: neither yes nor no. By the clock of
        the stamps; nobody asked about Petra before."""
        while clock() <= until + 200_000_000:
            assert self.check("petra")[0] >= 500
            for name, may in (("bob", True), ("charlie", False)):
                asked = clock()
                found = self.check(name)
                assert found[0] >= 500 or (found == (200, may) and asked <= until), found
                assert self.site.forward(self.keys[name]) >= 500


def goes_before_django(doors: Doors, place: Path) -> bool:
    """Its notes lie there; the first question of a minute goes the long way."""
    doors.are_right(bob=True)
    return any((place / "spool").glob("*.jsonl"))


def test_what_goes_while_it_answers(site, cast, served, tmp_path):
    """Right answers without Redis and without a listener; none without the database."""
    wait_until(lambda: site.send("GET", "/readyz", "")[1]["decisions"] == "memory")
    doors = Doors(site, cast)
    doors.are_right(bob=True)
    wait_until(lambda: goes_before_django(doors, tmp_path))
    with database_gone():
        doors.close_after(believed_until())
    doors.are_right(bob=True)
    site.redis.end()
    doors.are_right(bob=True)
    site.ear.end()
    doors.are_right(bob=True)
    wait_until(lambda: point.current() is None)
    doors.are_right(bob=True)
    grants.revoke(Grant.objects.get(user=cast.bob, resource=served), by=cast.erin)
    doors.are_right(bob=False)
    assert site.send("GET", "/readyz", "")[0] == 503  # not for the sake of decisions
