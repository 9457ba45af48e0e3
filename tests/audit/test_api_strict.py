"""What every noun of REST shares: strict bodies, problems, pages, who is calling."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.signing import Signer
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from psycopg.errors import UniqueViolation

from accounts import keys as form
from accounts.actions import keys
from accounts.models import ApiKey
from audit.doors.rest import problem
from governance import generated
from tests.cast import PASSWORD
from tests.rest import JSON, ROOT, Caller, caller, refused

ASK = {"permission": "read", "resource": "oncology"}


@pytest.fixture
def alice(cast) -> Caller:
    return caller(cast.alice)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b'"text"',
        b'{"permission": NaN}',
        b'{"permission": Infinity}',
        b'{"permission": "read", "permission": "read"}',
        b"\xff\xfe",
        b'{"permission": ' + b"[" * 30 + b"]" * 30 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"permission": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_clean_json(alice, body):
    answer = alice.post("decide", body, content_type=JSON)
    refused(answer, 422 if not body else 400)


@pytest.mark.parametrize(
    "text", ["\x00", "\ud800", "a" * 501, "../..", "@", "//", "🜁", "' or 1=1 --", "%00"]
)
def test_texts_that_name_nothing(alice, text):
    answer = alice.post("decide", json.dumps({**ASK, "resource": text}).encode(), content_type=JSON)
    assert answer.status_code in (404, 422)
    refused(answer, answer.status_code)


def test_an_unknown_field_is_named_with_the_known_ones(alice):
    told = refused(alice.post("decide", {**ASK, "admin": True}), 422, "admin")
    assert "permission" in told["errors"]["admin"][0]


def test_a_body_where_none_is_wanted(cast, alice):
    group = cast.researchers.pk
    refused(caller(cast.erin).post(f"users/{cast.bob.pk}/reactivate", {"x": 1}), 422, "x")
    assert alice.get(f"groups/{group}").status_code == 200


def test_wrong_content_type(alice):
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "text/json"):
        refused(alice.post("decide", b"{}", content_type=kind), 415)


def test_a_body_over_the_limit(alice, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    told = refused(alice.post("decide", {**ASK, "resource": "x" * 2000}), 413)
    assert "1000 bytes" in told["detail"] and "PUT" in told["detail"]


def test_a_form_over_the_limit_says_so_too(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = problem(RequestDataTooBig(), {})
    assert answer is not None and answer.status_code == 413
    assert "1000 bytes" in answer.data["detail"]


def test_unknown_addresses_and_methods(alice):
    refused(alice.get("nothing"), 404)
    refused(alice.get("projects/"), 404)
    refused(Client().post("/api/v2/decide"), 404)
    refused(alice.delete("projects"), 405)
    refused(alice.send("options", "projects"), 405)
    refused(alice.get("oauth/token"), 405)
    refused(alice.get("projects/not-a-uuid"), 404)


def test_what_nobody_foresaw(alice, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("accounts.queries.verdict", broken)
    alice.client.raise_request_exception = False
    answer = alice.post("decide", ASK)
    refused(answer, 500)
    assert b"secret detail" not in answer.content


def test_who_comes_second_in_a_race_meets_a_conflict():
    """The database's own constraint, behind the rules."""
    error = IntegrityError("one_pending_request")
    error.__cause__ = UniqueViolation()
    answer = problem(error, {})
    assert answer is not None
    assert answer.status_code == 409
    assert problem(IntegrityError(), {}) is None


# --- query parameters


ASKED = ("who-can", "what-can")  # questions, in which an empty answer is none


def documented() -> dict[str, set[str]]:
    """Every address without a hole that is read by GET, and the parameters it is said to take."""
    paths = json.loads(generated.place("tests/snapshots/openapi.json").read_text())["paths"]
    return {
        path.removeprefix(ROOT): {p["name"] for p in methods["get"].get("parameters", [])}
        for path, methods in paths.items()
        if "get" in methods and "{" not in path
    }


def test_what_is_not_documented_is_refused_and_what_is_is_named(alice):
    lists = documented()
    assert len(lists) > 10
    for path, known in lists.items():
        told = refused(alice.get(f"{path}?limt=5&colour=red"), 422, "limt", "colour")
        named = told["errors"]["limt"][0].partition("Known: ")[2].rstrip(".").split(", ")
        assert set(named) - {""} == known, path
        for name in known - {"limit", "cursor"}:
            answer = alice.get(f"{path}?{name}=")
            assert answer.status_code == 200 or path in ASKED, (path, name)
            assert b"Unknown parameter" not in answer.content, (path, name)


def test_also_of_one_row_of_its_parts_and_of_what_acts(cast, alice):
    one = f"datasets/{cast.scans.uid}"
    assert alice.get(f"{one}/versions?limit=5").status_code == 200
    for path in (one, f"{one}/versions", f"groups/{cast.researchers.pk}/members"):
        refused(alice.get(f"{path}?nonsense=1"), 422, "nonsense")
    refused(alice.post(f"{one}/state?dry_run=1", {"state": "retired"}), 422, "dry_run")
    refused(alice.post("decide?permission=read", ASK), 422, "permission")
    refused(alice.get("whoami?verbose=1"), 422, "verbose")
    assert alice.get(one).json()["state"] == "draft"


# --- pages


def test_pages_meet_end_to_end(alice):
    every = [row["slug"] for row in alice.list("roles?limit=100")]
    seen, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"roles?limit=2&cursor={cursor}").json()
        seen += [row["slug"] for row in page["results"]]
        cursor = page["next"]
    assert seen == every
    assert len(every) > 4


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "٣", "9" * 30, " 1"])
def test_a_limit_out_of_bounds(alice, limit):
    refused(alice.get(f"roles?limit={limit}"), 422, "limit")


def test_a_cursor_that_is_not_ours(alice):
    cursor = alice.get("roles?limit=2").json()["next"]
    other = caller_cursor(alice)
    forged = Signer(salt="another").sign(json.dumps([["slug", "pk"], ["a", "b"]]))
    for wrong in ("x", "-", cursor[:-3], cursor[::-1], forged, other, "é", "%00", "=" * 8):
        refused(alice.get(f"roles?cursor={wrong}"), 422)


def caller_cursor(alice: Caller) -> str:
    """One of another list, with another order."""
    found: str = alice.get("trail?limit=1").json()["next"]
    return found


@pytest.mark.parametrize("path", ["users", "projects", "datasets", "grants", "requests"])
@pytest.mark.parametrize("text", ["%00", "x" * 501])
def test_searches_that_no_database_could_answer(alice, path, text):
    refused(alice.get(f"{path}?q={text}"), 422, "q")


# --- who is calling


def test_nobody(db):
    answer = Client().get(f"{ROOT}whoami")
    refused(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def broken_keys(cast) -> dict[str, str]:
    def issued():
        until = timezone.now() + timedelta(days=1)
        return keys.issue(cast.bob, name="k", scopes=["read"], expires_at=until, by=cast.bob)

    revoked = issued()
    keys.revoke(revoked.key, by=cast.bob)
    good = issued().secret
    other = form.random(32)
    body = good[:17] + other
    return {
        "empty": "",
        "malformed": "hello",
        "truncated": good[:-1],
        "checksum": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "unknown": form.mint("p").text,
        "wrong secret": body + form.checksum(body),
        "revoked": revoked.secret,
        "not ascii": good[:-1] + "é",
    }


NAMES = [
    "empty", "malformed", "truncated", "checksum", "unknown", "wrong secret", "revoked",
    "not ascii",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_gives_nothing(cast, name):
    key = broken_keys(cast)[name]
    answer = Client().get(f"{ROOT}whoami", headers={"Authorization": f"Bearer {key}"})
    refused(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_key(cast, monkeypatch):
    bob = caller(cast.bob)
    assert bob.get("whoami").status_code == 200
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert ApiKey.objects.get(owner=cast.bob).status == "expired"
    refused(bob.get("whoami"), 401)


def test_another_scheme(cast):
    refused(Client().get(f"{ROOT}whoami", headers={"Authorization": "Basic Ym9iOng="}), 401)


@pytest.mark.parametrize("name", ["api_key", "access_token", "token", "anything"])
def test_a_key_in_the_address_is_refused_even_a_good_one(cast, name):
    bob = caller(cast.bob)
    told = refused(Client().get(f"{ROOT}whoami?{name}={bob.secret}"), 400)
    assert bob.secret not in json.dumps(told)
    refused(bob.get(f"whoami?{name}={bob.secret}"), 400)


def signed_in(name: str) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.get("/account/login/")
    token = client.cookies["csrf"].value
    form = {"login": name, "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/account/login/", form).status_code == 302
    return client


def test_a_session_reads_and_writes_with_a_csrf_token_only(cast):
    client = signed_in("bob")
    assert client.get(f"{ROOT}whoami").json()["username"] == "bob"
    told = refused(client.post(f"{ROOT}decide", ASK, content_type=JSON), 403)
    assert "CSRF" in told["detail"]
    with_token = {"X-CSRFToken": client.cookies["csrf"].value}
    answer = client.post(f"{ROOT}decide", ASK, content_type=JSON, headers=with_token)
    assert answer.status_code == 200
    refused(client.put(f"{ROOT}versions/{cast.scans.uid}/files/a", b"x", content_type=JSON), 403)


def test_a_key_needs_no_csrf_token_and_opens_no_session(cast):
    bob = caller(cast.bob)
    bob.client = Client(enforce_csrf_checks=True)
    answer = bob.post("decide", ASK)
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"
