"""The plain evaluation before Django: the same answers, and everything else goes the long way."""

from __future__ import annotations

import io
import json
import pickle
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.utils import timezone

from accounts.actions import grants, groups, keys
from accounts.decision import site
from accounts.models import Resource, User
from accounts.point import point
from gateway.actions import properties
from gateway.hints import require_bound
from gateway.spool import Spool
from governance.fastpath import ADDRESS, FastPath, takes_nothing
from governance.noting import Recorder
from registry.actions import assets, projects, states
from registry.models import Asset
from tests.acting import rename
from tests.cast import Cast, role
from tests.conftest import Committed


class World:
    """A service that asks for others, and what it is told."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.scans = states.set_state(
            Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice
        )
        self.grant = grants.give(role("reader"), cast.bob, self.scans, by=cast.alice)
        grants.give(role("auditor"), cast.scoring.user, site(), by=cast.erin)
        self.issued = self.key(["review", "read", "discover"])
        self.noted: list[Any] = []
        self.headers: dict[str, str] = {}

    def begin(self) -> World:
        self.fast = FastPath(self.long_way, self.note)
        self.ask()  # the first of a minute goes the long way
        return self

    def key(self, scopes: list[str]) -> Any:
        end = timezone.now() + timedelta(hours=1)
        owner = self.cast.scoring.user
        return keys.issue(owner, name="k", scopes=scopes, expires_at=end, by=self.cast.alice)

    def note(self, asked: Any, answer: Any, evaluation: Any, environ: Any) -> bool:
        self.noted.append((asked, answer))
        return True

    def long_way(self, environ: dict[str, Any], start: Any) -> Any:
        start("299 the long way", [])
        return [environ["wsgi.input"].read()]

    def ask(self, body: Any = None, **environ: Any) -> tuple[str, Any]:
        """Status and body; `None` for what went the long way, with its body whole."""
        raw = body if isinstance(body, bytes) else json.dumps(body or question()).encode()
        told: list[str] = []

        def start(status: str, headers: list[tuple[str, str]]) -> None:
            told.append(status)
            self.headers = dict(headers)

        found = self.fast(
            {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": ADDRESS,
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(raw)),
                "HTTP_HOST": "localhost:8000",
                "HTTP_AUTHORIZATION": f"Bearer {self.issued.secret}",
                "wsgi.input": io.BytesIO(raw),
            }
            | environ,
            start,
        )
        content = b"".join(found)
        if told == ["299 the long way"]:
            assert content == raw
            return "long", None
        return told[0], json.loads(content)


def question(**changed: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": "bob"},
        "action": {"name": "read"},
        "resource": {"type": "dataset", "id": "oncology/ct-scans"},
    } | changed


@pytest.fixture(scope="module")
def built(committed: Committed) -> bytes:
    return committed(World)


@pytest.fixture
def world(built: bytes, heard: None) -> World:
    found: World = pickle.loads(built)
    return found.begin()


def test_it_answers_with_the_grant_and_is_recorded(world):
    status, told = world.ask()
    assert (status, told["decision"]) == ("200 OK", True)
    assert told["context"]["grant"] == str(world.grant.pk)
    asked, answer = world.noted[-1]
    assert (asked.subject.id, asked.name.id) == (world.cast.bob.pk, world.scans.pk)
    assert asked.place.restricted
    assert answer[0] == "allowed"


def test_a_no_says_why(world):
    told = world.ask(question(subject={"type": "user", "id": "charlie"}))[1]
    assert (told["decision"], told["context"]["reason"]) == (False, "no_grant")
    body = question(action={"name": "download"}, context={"purpose": "marketing"})
    assert world.ask(body)[1]["context"]["reason"] == "purpose_not_permitted"


def test_a_revoke_counts_at_once(world):
    assert world.ask()[1]["decision"]
    grants.revoke(world.grant, by=world.cast.alice)
    status, told = world.ask()
    assert (status, told["decision"]) == ("200 OK", False)
    assert "reader" in told["context"]["access_request"]["roles"]


def test_a_revoked_key_counts_at_once(world):
    keys.revoke(world.issued.key, by=world.cast.alice)
    assert world.ask()[0] == "long"


STRANGE = {
    "properties": question(subject={"type": "user", "id": "bob", "properties": {"a": 1}}),
    "an unknown field": question(extra=1),
    "an unknown purpose": question(context={"purpose": "fun"}),
    "a foreign type": question(resource={"type": "table", "id": "oncology/ct-scans"}),
    "another kind": question(resource={"type": "model", "id": "oncology/ct-scans"}),
    "an unknown resource": question(resource={"type": "dataset", "id": "x/y"}),
    "an unknown person": question(subject={"type": "user", "id": "nobody"}),
    "a service as a person": question(subject={"type": "user", "id": "scoring"}),
    "an unknown action": question(action={"name": "fly"}),
    "a number": question(action={"name": 1}),
    "a list": [1],
    "no JSON": b"{",
    "a name twice": b'{"subject": 1, "subject": 2}',
    "no UTF-8": b"\xff",
    "a zero byte": question(subject={"type": "user", "id": "b\x00b"}),
}


def test_a_uuid_goes_the_long_way_however_it_is_spelled(world):
    uid = world.scans.uid
    hexed = projects.register(slug=uid.hex, owner=world.cast.alice, by=world.cast.erin)
    grants.give(role("reader"), world.cast.bob, hexed, by=world.cast.alice)
    for name in (uid.hex, uid.hex.upper(), str(uid).upper(), f"urn:uuid:{uid}"):
        for kind in ("project", "dataset"):
            assert world.ask(question(resource={"type": kind, "id": name}))[0] == "long"
    assert world.ask(question(resource={"type": "dataset", "id": str(uid)}))[0] == "200 OK"


def test_a_uuid_as_a_user_name_goes_the_long_way(world):
    """Were there somebody of that name."""
    uid = world.cast.alice.pk
    for name in (str(uid), uid.hex, uid.hex.upper()):
        rename(world.cast.charlie, name, by=world.cast.erin)
        assert world.ask(question(subject={"type": "user", "id": name}))[0] == "long", name


def test_what_is_not_plain_goes_the_long_way(world):
    for name, body in STRANGE.items():
        assert world.ask(body)[0] == "long", name
    assert world.ask()[0] == "200 OK"


def test_who_is_not_plain_goes_the_long_way(world):
    secret = world.issued.secret
    for environ in (
        {"HTTP_AUTHORIZATION": ""},
        {"HTTP_AUTHORIZATION": f"Basic {secret}"},
        {"HTTP_AUTHORIZATION": f"Bearer {secret[:-1]}{'y' if secret[-1] == 'x' else 'x'}"},
        {"HTTP_AUTHORIZATION": f"Bearer {secret[:-8]}{'0' * 8}"},
        {"HTTP_HOST": "evil.example.org"},
        {"QUERY_STRING": "a=b"},
        {"CONTENT_TYPE": "text/plain"},
        {"REQUEST_METHOD": "PUT"},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "99999"},
        {"PATH_INFO": "/access/v1/evaluations"},
    ):
        assert world.ask(**environ)[0] == "long", environ
    assert world.ask()[0] == "200 OK"


def test_nobody_says_https_of_themselves(world, settings):
    """A header counts where a proxy is trusted to set it; else what the server says."""
    settings.HTTPS = True
    claimed = {"HTTP_X_FORWARDED_PROTO": "https"}
    settings.SECURE_PROXY_SSL_HEADER = None
    assert world.ask()[0] == world.ask(**claimed)[0] == "long"
    assert world.ask(**{"wsgi.url_scheme": "https"})[0] == "200 OK"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert world.ask(**claimed)[0] == "200 OK"
    for told in ("http", "", "http, https", "HTTPS"):
        tried = {"HTTP_X_FORWARDED_PROTO": told, "wsgi.url_scheme": "https"}
        assert world.ask(**tried)[0] == "long"
        request = WSGIRequest({"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO()} | tried)
        assert not request.is_secure()


def test_an_answer_has_an_id_of_its_own_where_none_was_sent(world):
    for asked in ({}, {"HTTP_X_REQUEST_ID": ""}, {"HTTP_X_REQUEST_ID": "a\nb"}):
        told = world.ask(question(subject={"type": "user", "id": "charlie"}), **asked)[1]
        assert world.headers["X-Request-ID"] == told["context"]["evaluation_id"]
    world.ask(HTTP_X_REQUEST_ID="mine")
    assert world.headers["X-Request-ID"] == "mine"


def test_who_may_not_know_is_not_told_here(world):
    """Without `review` it may ask about itself alone."""
    world.issued = world.key(["read", "discover"])
    world.ask()
    assert world.ask()[0] == "long"
    own = question(subject={"type": "service", "id": "scoring"}, action={"name": "discover"})
    assert world.ask(own)[1]["context"]["reason"] == "allowed"


def test_an_address_is_read_again_however_its_number_is_written(world):
    """A move is told by the number in its usual form."""
    cast, upper = world.cast, str(world.scans.uid).upper()

    def path() -> str:
        remembered = point.current()
        assert remembered is not None
        return remembered.address(upper, time.time_ns() // 1000).path

    assert path() == "/oncology/ct-scans/"
    assets.move(
        world.scans, projects.register(slug="lab", owner=cast.alice, by=cast.erin), by=cast.alice
    )
    assert path() == "/lab/ct-scans/"


def test_a_member_that_left_is_seen_here_too(world):
    grants.revoke(world.grant, by=world.cast.alice)
    grants.give(role("reader"), world.cast.researchers, world.scans, by=world.cast.alice)
    assert world.ask()[1]["decision"]
    groups.remove_member(world.cast.researchers, world.cast.bob, by=world.cast.erin)
    assert not world.ask()[1]["decision"]


def test_without_a_recorder_it_answers_nothing(world):
    world.fast = FastPath(world.long_way, takes_nothing)
    assert world.ask()[0] == "long"
    world.fast = FastPath(world.long_way, lambda *noted: False)
    assert world.ask()[0] == world.ask()[0] == "long"


PLACE = {"type": "project", "id": "oncology"}
BOTH_WAYS = [
    question(resource=PLACE, action={"name": "discover"}),
    question(resource=PLACE, action={"name": "discover"}, subject={"type": "user", "id": "alice"}),
    question(resource=PLACE, subject={"type": "user", "id": "charlie"}),
    question(resource=PLACE, action={"name": "grant"}, subject={"type": "user", "id": "dana"}),
    question(resource=PLACE, action={"name": "download"}, subject={"type": "user", "id": "erin"}),
    question(resource=PLACE, context={"purpose": "research"}),
]


def hint(told: dict[str, Any], body: dict[str, Any]) -> Any:
    """Where to ask, without what differs by the moment; both proofs are of this very denial."""
    found = told["context"].pop("access_request", None)
    if found is None:
        return None
    assert found.pop("expires_at")
    person = User.objects.get(username=body["subject"]["id"])
    place = Resource.objects.get(path=f"/{body['resource']['id']}/")
    require_bound(found.pop("binding_token"), person, body["action"]["name"], place)
    return found


@pytest.mark.parametrize("body", BOTH_WAYS)
def test_both_ways_say_the_same_and_leave_the_same(world, client, settings, body):
    world.fast.recorder = Recorder(Spool(settings.SPOOL_ROOT))
    status, fast = world.ask(body)
    signed = {"Authorization": f"Bearer {world.issued.secret}"}
    long = client.post(ADDRESS, body, "application/json", headers=signed).json()
    assert status == "200 OK"
    assert fast["context"].pop("evaluation_id") != long["context"].pop("evaluation_id")
    assert hint(fast, body) == hint(long, body)
    assert fast == long
    (path,) = settings.SPOOL_ROOT.glob("*.jsonl")
    note = json.loads(path.read_bytes().splitlines()[0])
    assert note["reason"] == long["context"]["reason"]
    assert note["grant"] == long["context"].get("grant")


def test_a_restricted_resource_and_what_an_admin_wrote_go_the_long_way(world, settings):
    world.fast.recorder = Recorder(Spool(settings.SPOOL_ROOT))
    assert world.ask()[0] == "long"
    plain = question(resource=PLACE, action={"name": "discover"})
    assert world.ask(plain)[0] == "200 OK"
    properties.add_condition(
        resource_type="project", action="discover", must_source="context", must_name="mfa",
        must_operator="is", must_value=True, by=world.cast.erin,
    )  # fmt: skip
    assert world.ask(plain)[0] == "long"


def test_a_disk_that_takes_no_note_gives_no_answer(world, tmp_path):
    (tmp_path / "file").write_text("")
    world.fast.recorder = Recorder(Spool(tmp_path / "file"))
    assert world.ask(question(resource=PLACE, action={"name": "discover"}))[0] == "long"
