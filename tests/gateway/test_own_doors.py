"""No route, alias, condition or property opens something to whoever writes it down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.actions import grants, keys, services
from accounts.decision import site
from accounts.models import ApiKey
from accounts.rules import OwnSide
from gateway import authzen
from gateway.actions import aliases, properties, routes
from gateway.forward import forward
from gateway.models import Alias, Condition, Fact, Route
from registry.actions import assets, states
from registry.models import Asset
from tests.cast import Cast, role

HOST = "models.example.org"
ROUTE: dict[str, Any] = {"host": HOST, "methods": ["POST"], "permission": "invoke"}
OTHERS = {"pattern": "/v1/models/{name}/infer", "address": "oncology/{name}"}


@pytest.fixture
def mine(cast: Cast) -> Asset:
    """A model that Erin, admin, was made deployer of."""
    for slug in ("mine", "other"):
        model = assets.register(cast.oncology, "model", slug=slug, by=cast.alice)
        states.set_state(model, "published", by=cast.alice)
    found = Asset.objects.get(path="/oncology/mine/")
    grants.give(role("deployer"), cast.erin, found, by=cast.alice)
    return found


@pytest.fixture
def dana(cast: Cast) -> Any:
    """A second admin, who uses nothing."""
    grants.give(role("admin"), cast.dana, site(), by=cast.erin)
    return cast.dana


def key(cast: Cast) -> ApiKey:
    end = timezone.now() + timedelta(hours=1)
    scopes = ["discover", "read", "invoke"]
    made = keys.issue(cast.erin, name="k", scopes=scopes, expires_at=end, by=cast.erin)
    return ApiKey.objects.get(pk=made.key.pk)


def calls(cast: Cast, path: str) -> int:
    return forward(key(cast), "POST", HOST, path).status


def test_no_route_to_what_ones_own_side_passes(cast, mine, dana):
    routes.add(**ROUTE, **OTHERS, by=dana)
    assert (calls(cast, "/v1/models/mine/infer"), calls(cast, "/v1/models/other/infer")) == (
        200,
        403,
    )
    nearer = {"pattern": "/v1/models/other/infer", "address": "oncology/mine"}
    with pytest.raises(OwnSide, match="oncology/mine"):
        routes.add(**ROUTE, **nearer, by=cast.erin)
    assert calls(cast, "/v1/models/other/infer") == 403


@pytest.mark.parametrize("address", ["oncology/mine", "oncology/{x}", "{x}/mine", "oncology/m{x}"])
def test_whatever_the_address_may_become(cast, mine, dana, address):
    with pytest.raises(OwnSide):
        routes.add(**ROUTE, pattern="/{x}", address=address, by=cast.erin)
    routes.add(**ROUTE, pattern="/{x}", address=address, by=dana)


@pytest.mark.parametrize("address", ["oncology/other", "cardio/{x}", "oncology/mine-{x}"])
def test_what_leads_elsewhere_is_written_freely(cast, mine, address):
    routes.add(**ROUTE, pattern="/{x}", address=address, by=cast.erin)
    routes.add(**ROUTE | {"permission": "download"}, pattern="/b/{x}",
                      address="oncology/{x}", by=cast.erin)  # fmt: skip


def test_a_service_of_ones_own_and_what_begins_later_count(cast, mine, dana):
    grants.revoke(cast.erin.grants.get(role__slug="deployer"), by=cast.erin)
    routes.add(**ROUTE, pattern="/a", address="oncology/mine", by=cast.erin)
    later = timezone.now() + timedelta(hours=1)
    grants.give(role("reader"), cast.erin, mine, starts_at=later, by=cast.alice)
    service = services.register(username="nightly", owner=cast.erin, by=cast.erin)
    grants.give(role("deployer"), service.user, cast.oncology, by=cast.alice)
    for permission in ("invoke", "download"):
        with pytest.raises(OwnSide):
            routes.add(**ROUTE | {"permission": permission}, pattern="/b", address="oncology/mine",
                       by=cast.erin)  # fmt: skip


def test_no_removing_of_what_stands_before_such_a_route(cast, mine, dana):
    routes.add(**ROUTE, pattern="/v1/**", address="oncology/mine", by=dana)
    closed = routes.add(
        **ROUTE, pattern="/v1/models/other/infer", address="oncology/other", by=dana
    )
    assert calls(cast, "/v1/models/other/infer") == 403
    with pytest.raises(OwnSide):
        routes.remove(closed, by=cast.erin)
    assert calls(cast, "/v1/models/other/infer") == 403
    routes.remove(Route.objects.get(pattern="/v1/**"), by=cast.erin)  # closes a door: free
    routes.remove(closed, by=cast.erin)
    assert not Route.objects.exists()


def decides(cast: Cast, action: str = "read", resource_type: str = "model") -> bool:
    asked = {
        "subject": {"type": "user", "id": "erin"},
        "action": {"name": action},
        "resource": {"type": resource_type, "id": "oncology/mine"},
    }
    said: bool = authzen.evaluate(key(cast), asked)["decision"]
    return said


def test_no_alias_to_what_ones_own_side_holds(cast, mine, dana):
    meant = {"resource_type": "model", "action": "download", "kind": "model", "permission": "read"}
    with pytest.raises(OwnSide):
        aliases.add(**meant, by=cast.erin)
    assert not Alias.objects.exists()
    narrowed = meant | {"action": "read", "permission": "upload"}
    alias = aliases.add(**narrowed, by=cast.erin)
    assert not decides(cast)
    with pytest.raises(OwnSide):
        aliases.remove(alias, by=cast.erin)
    assert not decides(cast)
    aliases.remove(alias, by=dana)
    assert decides(cast)


CLEARANCE: dict[str, Any] = {
    "resource_type": "model",
    "action": "read",
    "must_source": "subject",
    "must_name": "clearance",
    "must_operator": "at_least",
    "must_value": 3,
}


def test_no_property_of_oneself_or_ones_service(cast, mine, dana):
    properties.add_condition(**CLEARANCE, by=cast.erin)
    service = services.register(username="nightly", owner=cast.erin, by=cast.erin)
    for person in (cast.erin, service.user):
        with pytest.raises(OwnSide, match="you or yours"):
            properties.add_fact(name="clearance", value=5, person=person, by=cast.erin)
    assert not decides(cast)
    fact = properties.add_fact(name="clearance", value=5, person=cast.erin, by=dana)
    assert decides(cast)
    with pytest.raises(OwnSide):
        properties.remove_fact(fact, by=cast.erin)
    properties.add_fact(name="clearance", value=5, person=cast.bob, by=cast.erin)


def test_no_property_of_what_ones_own_side_uses(cast, mine, dana):
    properties.add_condition(
        **CLEARANCE | {"must_source": "resource", "must_name": "open", "must_operator": "is"},
        by=cast.erin,
    )
    with pytest.raises(OwnSide):
        properties.add_fact(name="open", value=3, resource=mine, by=cast.erin)
    assert not decides(cast)
    fact = properties.add_fact(name="open", value=3, resource=mine, by=dana)
    assert decides(cast)
    with pytest.raises(OwnSide):
        properties.remove_fact(fact, by=cast.erin)
    other = Asset.objects.get(path="/oncology/other/")
    properties.remove_fact(
        properties.add_fact(name="open", value=3, resource=other, by=cast.erin), by=cast.erin
    )
    assert Fact.objects.get() == fact


def test_no_lifting_of_a_condition_that_stops_oneself(cast, mine, dana):
    condition = properties.add_condition(**CLEARANCE, by=cast.erin)
    with pytest.raises(PermissionDenied):
        properties.remove_condition(condition, by=cast.erin)
    assert not decides(cast)
    properties.remove_condition(condition, by=dana)
    assert decides(cast)
    meaningless = properties.add_condition(**CLEARANCE | {"action": "fly"}, by=cast.erin)
    properties.remove_condition(meaningless, by=cast.erin)
    assert not Condition.objects.exists()
