"""The token endpoint: RFC 6749 §4.4 with our keys, and nothing more by any other way."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts import keys as form
from accounts.actions import keys, people, services
from accounts.api import token
from accounts.models import ApiKey
from audit.doors.limits import Limit
from audit.models import Event
from audit.typed import digest
from tests.rest import ROOT, Caller, refused

SCOPES = ["discover", "download", "read"]
FORM = "application/x-www-form-urlencoded"


def issued(
    cast, service=None, kind: str = "c", life: timedelta = timedelta(days=30)
) -> keys.Issued:
    found: keys.Issued = keys.issue(
        (service or cast.scoring).user, name="job", scopes=SCOPES, kind=kind,
        expires_at=timezone.now() + life, by=cast.alice,
    )  # fmt: skip
    return found


@pytest.fixture
def client_secret(cast) -> keys.Issued:
    return issued(cast)


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}


def ask(headers=None, body: str | None = None, path: str = "", REMOTE_ADDR="127.0.0.1", **posted):
    posted = {"grant_type": "client_credentials"} | posted
    text = urlencode(posted) if body is None else body
    client = Client(enforce_csrf_checks=True)
    url = f"{ROOT}oauth/token{path}"
    return client.post(url, text, content_type=FORM, headers=headers or {}, REMOTE_ADDR=REMOTE_ADDR)


def test_by_basic_and_by_body(cast, client_secret):
    name, secret = "scoring", client_secret.secret
    uid = str(cast.scoring.pk)
    for answer in (
        ask(basic(name, secret)),
        ask(basic(uid, secret)),
        ask(client_id=name, client_secret=secret),
    ):
        assert answer.status_code == 200, answer.content
        token = answer.json()
        assert (token["token_type"], token["scope"].split()) == ("Bearer", SCOPES)
        assert 0 < token["expires_in"] <= 900
        assert answer["Cache-Control"] == "no-store"
        assert not answer.cookies
        me = Caller(token["access_token"]).get("whoami").json()
        assert (me["username"], me["key"]["kind"]) == ("scoring", "t")
    acts = Event.objects.filter(verb="key.exchange", outcome="ok", kind="act")
    assert acts.count() == 3
    assert acts[0].key == form.parse(client_secret.secret).kid


def test_fewer_scopes_but_never_more(client_secret):
    signed = basic("scoring", client_secret.secret)
    assert ask(signed, scope="read").json()["scope"] == "read"
    for scope in ("read grant", "everything", "grant"):
        answer = ask(signed, scope=scope)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_no_token_outlives_its_secret(cast):
    short = issued(cast, life=timedelta(minutes=2))
    assert ask(basic("scoring", short.secret)).json()["expires_in"] <= 120


def failures(cast, good: str):
    revoked = issued(cast)
    keys.revoke(revoked.key, by=cast.alice)
    personal = keys.issue(
        cast.bob,
        name="k",
        scopes=["read"],
        by=cast.bob,
        expires_at=timezone.now() + timedelta(days=1),
    )
    nothing = base64.b64encode(b"\xff\xfe").decode()
    return {
        "unknown client": basic("nobody", good),
        "another client": basic("bob", good),
        "no client": basic("", good),
        "wrong secret": basic("scoring", form.mint("c").text),
        "malformed": basic("scoring", "x"),
        "truncated": basic("scoring", good[:-1]),
        "no secret": basic("scoring", ""),
        "revoked": basic("scoring", revoked.secret),
        "personal key": basic("bob", personal.secret),
        "service key": basic("scoring", issued(cast, kind="s").secret),
        "token": basic("scoring", ask(basic("scoring", good)).json()["access_token"]),
        "bytes": {"Authorization": f"Basic {nothing}"},
        "no base64": {"Authorization": "Basic é"},
        "bearer": {"Authorization": f"Bearer {good}"},
        "nothing": {},
    }


def test_every_failure_reads_the_same_and_stands(cast, client_secret):
    told = set()
    for name, headers in failures(cast, client_secret.secret).items():
        before = ApiKey.objects.count()
        answer = ask(headers)
        assert answer.status_code == 401, name
        assert answer["WWW-Authenticate"].startswith("Basic")
        assert answer["Cache-Control"] == "no-store"
        assert ApiKey.objects.count() == before
        told.add(answer.content)
    assert len(told) == 1
    assert b'"invalid_client"' in told.pop()
    denied = Event.objects.filter(verb="key.exchange", outcome="denied")
    told = {event.actor_repr for event in denied}
    assert {digest("nobody"), "bob", "scoring", "unknown"} <= told
    assert "nobody" not in told  # it may be a secret in the wrong field
    assert not any(client_secret.secret in f"{event.data}{event.message}" for event in denied)


def test_by_body_a_failure_reads_the_same(client_secret):
    wrong = ask(basic("nobody", client_secret.secret))
    for posted in (
        {"client_id": "scoring", "client_secret": "x"},
        {"client_id": "nobody", "client_secret": client_secret.secret},
        {"client_id": "scoring"},
    ):
        answer = ask(**posted)
        assert (answer.status_code, answer.content) == (401, wrong.content)


def test_an_expired_secret(client_secret, monkeypatch):
    later = timezone.now() + timedelta(days=31)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert ask(basic("scoring", client_secret.secret)).json()["error"] == "invalid_client"


def test_a_service_whose_person_left(cast, client_secret):
    people.deactivate(cast.alice, by=cast.erin)
    assert ask(basic("scoring", client_secret.secret)).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "unsupported_grant_type"),
        ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
        ("grant_type=authorization_code", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=password", "invalid_request"),
        ("grant_type=client_credentials&scope=read&scope=grant", "invalid_request"),
        ("grant_type=client_credentials&client_id=scoring&client_secret=x", "invalid_request"),
    ],
)
def test_the_grammar(client_secret, body, error):
    answer = ask(basic("scoring", client_secret.secret), body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.fixture
def few(monkeypatch):
    """The same buckets, sooner empty."""
    monkeypatch.setattr(token, "BY_ADDRESS", Limit("address", 6))
    monkeypatch.setattr(token, "BY_CLIENT", Limit("client", 3))


def test_a_client_that_asks_too_often_waits_and_no_other(cast, client_secret, few):
    signed = basic("scoring", client_secret.secret)
    assert [ask(signed).status_code for _ in range(3)] == [200] * 3
    answer = ask(signed)
    told = refused(answer, 429)
    assert 1 <= int(answer["Retry-After"]) <= 20
    assert told["reason"] == "rate_limited"
    assert ApiKey.objects.filter(kind="t").count() == 3
    event = Event.objects.filter(verb="key.exchange", outcome="denied").get()
    assert (event.actor_repr, event.data["reason"]) == ("scoring", "rate_limited")
    other = services.register(username="training", owner=cast.alice, by=cast.erin)
    assert ask(basic("training", issued(cast, other).secret)).status_code == 200


def test_an_address_that_guesses_is_stopped_before_its_name_is_looked_up(
    cast, client_secret, few, django_assert_num_queries
):
    """And the client it named is not shut out elsewhere."""
    for _ in range(6):
        assert ask(basic("scoring", "gthc_nonsense")).status_code == 401
    record = 3  # a savepoint around the one event
    with django_assert_num_queries(record):
        refused(ask(basic("scoring", client_secret.secret)), 429)
    with django_assert_num_queries(0):
        refused(ask(basic("scoring", client_secret.secret)), 429)
    signed = basic("scoring", client_secret.secret)
    assert ask(signed, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_neighbours_in_one_network_share_a_bucket(client_secret, few):
    """Who has a /64 has 2^64 addresses."""
    for last in range(6):
        assert ask(basic("scoring", "x"), REMOTE_ADDR=f"2001:db8::{last}").status_code == 401
    refused(ask(basic("scoring", client_secret.secret), REMOTE_ADDR="2001:db8::ffff"), 429)
    other = "2001:db8:0:1::1"
    assert ask(basic("scoring", client_secret.secret), REMOTE_ADDR=other).status_code == 200


def test_without_redis_it_is_closed(client_secret, monkeypatch, tmp_path):
    gone = Limit("address", 6, redis=f"unix://{tmp_path}/no.sock")
    monkeypatch.setattr(token, "BY_ADDRESS", gone)
    answer = ask(basic("scoring", client_secret.secret))
    assert refused(answer, 503)["reason"] == "rate_unknown"
    assert int(answer["Retry-After"]) > 0
    assert not ApiKey.objects.filter(kind="t").exists()
    assert Event.objects.get(verb="key.exchange").data["reason"] == "rate_unknown"


def test_secrets_do_not_travel_in_the_address(client_secret):
    query = urlencode({"client_id": "scoring", "client_secret": client_secret.secret})
    answer = ask(path=f"?{query}")
    assert answer.json()["error"] == "invalid_request"
    assert client_secret.secret not in answer.content.decode()


def test_json_is_not_its_language(db):
    answer = Client().post(f"{ROOT}oauth/token", {"grant_type": "x"}, content_type="text/json")
    refused(answer, 415)


def test_a_client_secret_is_no_key(client_secret):
    refused(Caller(client_secret.secret).get("whoami"), 401)


def test_the_name_that_was_typed_is_cleaned_for_the_trail(client_secret):
    ask(client_id="a\x00b" * 100, client_secret="x")
    denied = Event.objects.filter(verb="key.exchange", outcome="denied").latest("id")
    assert len(denied.actor_repr) == len(digest("x"))
