"""Forward-auth: what a proxy may ask, who is believed, and what is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import grants, keys
from accounts.models import Grant
from audit import trail
from audit.models import Event
from gateway.actions import routes
from gateway.models import DecisionCount, Route
from registry.actions import assets, states, versions
from tests.cast import role
from tests.rest import caller

HOST = "models.example.org"
INFER = "/v1/models/tumour/infer"


def nginx(method: str = "POST", uri: str = INFER, host: str = HOST) -> dict[str, str]:
    return {"X-Original-Method": method, "X-Original-Host": host, "X-Original-URI": uri}


def traefik(method: str = "POST", uri: str = INFER, host: str = HOST) -> dict[str, str]:
    return {
        "X-Forwarded-Method": method,
        "X-Forwarded-Host": host,
        "X-Forwarded-Uri": uri,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.9",
    }


def ask(key: str, headers: dict[str, str], path: str = "/authz/forward", **extra: Any) -> Any:
    signed = {"Authorization": f"Bearer {key}"} if key else {}
    return Client().get(path, headers=headers | signed, **extra)


@pytest.fixture
def bob(cast, served) -> str:
    return caller(cast.bob).secret


def reason(answer: Any) -> str:
    assert answer.status_code == 403
    assert answer["Cache-Control"] == "no-store"
    assert "X-Authz-Subject" not in answer
    return str(answer["X-Authz-Reason"])


@pytest.mark.parametrize("proxy", [nginx, traefik])
def test_what_a_grant_gives_passes(bob, proxy):
    answer = ask(bob, proxy())
    assert answer.status_code == 200
    assert answer["X-Authz-Subject"] == "bob"
    assert answer["X-Authz-Decision-Id"]
    assert answer["Cache-Control"] == "no-store"
    assert answer.content == b""


def test_envoy_keeps_method_host_and_path(bob):
    def send(method: str, path: str, host: str = HOST) -> Any:
        signed = {"Authorization": f"Bearer {bob}", "Host": host}
        return Client().generic(method, f"/authz/envoy{path}", headers=signed)

    assert send("POST", INFER).status_code == 200
    assert send("POST", INFER, f"{HOST}:8443").status_code == 200
    assert reason(send("GET", INFER)) == "route_unknown"
    assert reason(send("POST", INFER, "other.example.org")) == "route_unknown"
    assert reason(send("POST", "/v1/models/%252e%252e/infer")) == "request_unclear"
    assert reason(send("POST", "//v1/models/tumour/infer")) == "request_unclear"
    assert reason(send("POST", "x")) == "request_unclear"


def test_any_method_asks(bob):
    signed = {"Authorization": f"Bearer {bob}"} | nginx()
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        assert Client().generic(method, "/authz/forward", headers=signed).status_code == 200


def test_no_key_or_a_bad_one_is_401(bob, cast):
    for key in ("", "nonsense", bob[:-1] + ("y" if bob.endswith("x") else "x")):
        answer = ask(key, nginx())
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer ")
    client = Client()
    client.force_login(cast.bob, "accounts.backend.SignInBackend")  # a session is no key
    assert client.get("/authz/forward", headers=nginx()).status_code == 401


def test_revoked_and_expired_keys(cast, served):
    end = timezone.now() + timedelta(hours=1)
    issued = keys.issue(cast.bob, name="k", scopes=["invoke"], expires_at=end, by=cast.bob)
    assert ask(issued.secret, nginx()).status_code == 200
    keys.revoke(issued.key, by=cast.bob)
    assert ask(issued.secret, nginx()).status_code == 401
    soon = timezone.now() + timedelta(milliseconds=200)
    brief = keys.issue(cast.bob, name="b", scopes=["invoke"], expires_at=soon, by=cast.bob)
    while timezone.now() < soon:
        pass
    assert ask(brief.secret, nginx()).status_code == 401


def test_a_key_gives_no_more_than_its_scopes_and_its_reach(cast, served):
    reading = caller(cast.bob, "discover", "read").secret
    assert reason(ask(reading, nginx())) == "key_scope"
    assert ask(reading, nginx("GET", "/v1/models/tumour")).status_code == 200
    end = timezone.now() + timedelta(hours=1)
    scans = keys.issue(
        cast.bob,
        name="scans",
        scopes=["discover", "invoke"],
        within=cast.scans,
        expires_at=end,
        by=cast.bob,
    )
    assert reason(ask(scans.secret, nginx())) == "resource_unknown"


def test_a_revoked_grant_is_refused_at_once(bob, cast, served):
    assert ask(bob, nginx()).status_code == 200
    grants.revoke(Grant.objects.get(user=cast.bob, resource=served), by=cast.erin)
    assert reason(ask(bob, nginx())) == "no_grant"


def test_outsiders_learn_nothing(cast, served):
    charlie = caller(cast.charlie).secret
    there = reason(ask(charlie, nginx()))
    assert there == reason(ask(charlie, nginx(uri="/v1/models/nowhere/infer")))
    assert there == "resource_unknown"


def test_no_route_no_way(bob):
    for uri in ("/", "/v1/models/tumour/infer/", "/v1/models/tumour/infer/x", "/V1/models/tumour"):
        assert reason(ask(bob, nginx(uri=uri))) == "route_unknown"
    assert reason(ask(bob, nginx("DELETE"))) == "route_unknown"


# --- attacks


def test_headers_of_a_stranger_are_not_believed(bob, settings):
    for address in ("203.0.113.9", "10.0.0.2", "", "nonsense"):
        assert reason(ask(bob, nginx(), REMOTE_ADDR=address)) == "untrusted_proxy"
    settings.FORWARD_AUTH_PROXIES = ["10.0.0.0/24"]
    assert ask(bob, nginx(), REMOTE_ADDR="10.0.0.2").status_code == 200
    assert reason(ask(bob, nginx(), REMOTE_ADDR="10.0.1.2")) == "untrusted_proxy"
    settings.FORWARD_AUTH_PROXIES = []
    assert reason(ask(bob, nginx())) == "untrusted_proxy"
    forged = {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    answer = ask(bob, nginx() | forged, REMOTE_ADDR="203.0.113.9")
    assert reason(answer) == "untrusted_proxy"


def test_two_families_of_headers_are_refused(bob):
    for more in (
        {"X-Forwarded-Uri": INFER},
        {"X-Forwarded-Method": "POST"},
        traefik(),
    ):
        assert reason(ask(bob, nginx("GET", "/secret") | more)) == "request_unclear"
    half = {"X-Original-URI": INFER}
    assert reason(ask(bob, traefik("GET", "/secret") | half)) == "request_unclear"
    assert reason(ask(bob, half)) == "headers_missing"
    assert reason(ask(bob, {})) == "headers_missing"
    signed = {"Authorization": f"Bearer {bob}", "Host": HOST} | half
    answer = Client().post(f"/authz/envoy{INFER}", headers=signed)
    assert reason(answer) == "request_unclear"


@pytest.mark.parametrize(
    "uri",
    [
        "/v1/models/x/../tumour/infer",
        "/v1/models/%74umour%2finfer",
        "/v1/models/tumour%252finfer",
        "//v1/models/tumour/infer",
        "/v1/models/tumour;x/infer",
        "/v1/models/tumour\\infer",
        "/v1/models/tumour/infer%00",
        f"{INFER},/v1/models/other/infer",
    ],
)
def test_tricks_with_the_path(bob, uri):
    assert reason(ask(bob, nginx(uri=uri))) in ("request_unclear", "route_unknown")


def test_a_method_override_is_not_heard(bob):
    override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
    assert reason(ask(bob, nginx("GET") | override)) == "route_unknown"
    assert reason(ask(bob, nginx("get"))) == "request_unclear"


def test_an_address_cannot_leave_the_template(bob, cast):
    for name in ("ct-scans", "tumour@v9", "..", "a%2f..%2fcardio"):
        answer = ask(bob, nginx(uri=f"/v1/models/{name}/infer"))
        assert answer.status_code == 403


def test_a_name_leads_to_the_kind_that_the_route_is_for(cast, served):
    """Decided about as a version, it would be sent on as a model."""
    alice = caller(cast.alice).secret
    versions.open_version(served, by=cast.alice)
    assert ask(alice, nginx("GET", "/v1/models/tumour")).status_code == 200
    assert reason(ask(alice, nginx("GET", "/v1/models/tumour@v1"))) == "resource_unknown"
    address = {"address": "oncology/{name}@{version}", "permission": "read", "by": cast.erin}
    routes.add(host=HOST, methods=["GET"], pattern="/v2/{name}@{version}", **address)
    assert ask(alice, nginx("GET", "/v2/tumour@v1")).status_code == 200
    assert reason(ask(alice, nginx("GET", "/v2/tumour@v9"))) == "resource_unknown"


def test_an_admin_opens_no_door_for_themselves(cast):
    """Erin holds discover and review everywhere: no route may rest on those."""
    for permission in ("discover", "review", "grant", "manage_policies", "read_trail"):
        with pytest.raises(Exception, match="not a valid choice"):
            routes.add(
                host=HOST,
                methods=["GET"],
                pattern="/x",
                permission=permission,
                address="oncology/ct-scans",
                by=cast.erin,
            )
    assert not Route.objects.exists()


# --- what is recorded


def test_yes_is_counted_by_the_minute(bob, cast, served):
    for _ in range(3):
        assert ask(bob, nginx()).status_code == 200
    rows = DecisionCount.objects.filter(subject=cast.bob, resource_id=served.pk)
    assert sum(row.count for row in rows) == 3
    assert all(row.permission == "invoke" and row.first_at <= row.last_at for row in rows)
    assert not Event.objects.filter(verb="gateway.forward").exists()


def test_yes_to_something_restricted_is_an_event(cast):
    """A model in a restricted project is restricted itself, and the trail still holds together."""
    scans = states.set_state(cast.scans, "published", by=cast.alice)
    grants.give(role("reader"), cast.bob, scans, by=cast.alice)
    routes.add(
        host=HOST,
        methods=["GET"],
        pattern="/scans/**",
        permission="download",
        address="oncology/ct-scans",
        by=cast.erin,
    )
    answer = ask(caller(cast.bob).secret, nginx("GET", "/scans/a/b.csv"))
    assert answer.status_code == 200
    event = Event.objects.get(verb="gateway.forward")
    assert (event.outcome, event.actor, event.resource_path) == ("ok", cast.bob, scans.path)
    assert event.data["evaluation_id"] == answer["X-Authz-Decision-Id"]
    assert event.data["request"] == f"GET {HOST}/scans/a/b.csv"
    assert event.decision[0]["role"] == "reader"
    assert event.door == "forward"
    assert not DecisionCount.objects.exists()
    assert trail.findings() == []


def test_no_is_an_event_once_a_minute(bob, cast):
    other = assets.register(cast.oncology, "model", slug="other", by=cast.alice)
    for _ in range(3):
        assert reason(ask(bob, nginx(uri="/v1/models/other/infer"))) == "resource_unknown"
    event = Event.objects.get(verb="gateway.forward")
    assert (event.outcome, event.actor, event.resource_path) == ("denied", cast.bob, other.path)
    assert event.data["reason"] == "resource_draft"
    assert event.key
