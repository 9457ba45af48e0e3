"""Routes, aliases, conditions and properties: kept by admins through pages, REST and the admin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from audit.models import Event
from gateway import rules
from gateway.actions import aliases, routes
from gateway.models import Alias, Condition, Fact, Route
from gateway.models.properties import Operator
from tests.attempts import ALIAS, CONDITION, ROUTE
from tests.rest import caller, refused

SIGN_IN = "accounts.backend.SignInBackend"
BODIES: dict[str, tuple[Any, dict[str, Any]]] = {
    "routes": (Route, ROUTE),
    "aliases": (Alias, ALIAS | {"address": "records/{id}"}),
    "conditions": (Condition, CONDITION),
    "properties": (Fact, {"resource": "oncology", "name": "status", "value": "archived"}),
}


@pytest.fixture
def erin(cast) -> Client:
    client = Client()
    client.force_login(cast.erin, SIGN_IN)
    return client


@pytest.mark.parametrize("noun", BODIES)
def test_rest_adds_lists_and_removes(cast, noun):
    model, body = BODIES[noun]
    erin = caller(cast.erin)
    made = erin.post(f"gateway/{noun}", body)
    assert made.status_code == 201, made.content
    found = made.json()
    assert erin.list(f"gateway/{noun}") == [found]
    assert erin.get(f"gateway/{noun}/{found['id']}").json() == found
    assert caller(cast.dana).list(f"gateway/{noun}") == [found]  # reviews
    assert caller(cast.bob).list(f"gateway/{noun}") == []
    refused(caller(cast.dana).delete(f"gateway/{noun}/{found['id']}"), 403)
    refused(caller(cast.bob).delete(f"gateway/{noun}/{found['id']}"), 404)
    refused(caller(cast.alice).post(f"gateway/{noun}", body), 403)
    refused(erin.post(f"gateway/{noun}", body | {"extra": 1}), 422, "extra")
    assert erin.delete(f"gateway/{noun}/{found['id']}").status_code == 204
    assert not model.objects.exists()
    changes = Event.objects.filter(kind="change", object_pk=found["id"])
    assert {change.actor for change in changes} == {cast.erin}
    assert changes.count() == 2


@pytest.mark.parametrize("value", ["9" * 400, "-9007199254740992", "12345678901234567890", "1e300"])
@pytest.mark.parametrize(("noun", "field"), [("properties", "value"), ("conditions", "must_value")])
def test_a_number_beyond_a_double_is_refused(cast, noun, field, value):
    """Whoever reads it as one would hold it for its neighbour, or not read it at all."""
    body = json.dumps(BODIES[noun][1] | {field: 0}).replace(f'"{field}": 0', f'"{field}": {value}')
    path = f"gateway/{noun}"
    answer = caller(cast.erin).send("post", path, body)
    assert field in str(answer.json()) and "up to 9007199254740991" in str(answer.json())
    assert answer.status_code == 422
    assert not BODIES[noun][0].objects.exists()


FORMS: dict[str, dict[str, Any]] = {
    "routes": ROUTE,
    "aliases": ALIAS | {"address": "records/{id}"},
    "conditions": CONDITION | {"must_value": "true"},
    "properties": {"person": "bob", "name": "role", "value": "admin"},
}


@pytest.mark.parametrize("noun", FORMS)
def test_pages_add_and_remove(erin, noun):
    model = BODIES[noun][0]
    assert erin.get(f"/gateway/{noun}/").status_code == 200
    assert erin.get(f"/gateway/{noun}/new/").status_code == 200
    assert erin.post(f"/gateway/{noun}/new/", {"x": "y"}).status_code == 422
    assert erin.post(f"/gateway/{noun}/new/", FORMS[noun]).status_code == 302
    row = model.objects.get()
    assert str(row.pk) in erin.get(f"/gateway/{noun}/").content.decode()
    if noun == "conditions":
        assert row.must_value is True
    assert erin.post(f"/gateway/{noun}/{row.pk}/").status_code == 302
    assert not model.objects.exists()


def test_pages_are_for_those_who_keep_or_review(cast):
    for person, seen, kept in ((cast.dana, 200, 404), (cast.alice, 404, 404), (cast.bob, 404, 404)):
        client = Client()
        client.force_login(person, SIGN_IN)
        for noun in (*FORMS, "answers"):
            assert client.get(f"/gateway/{noun}/").status_code == seen
        assert client.get("/gateway/routes/new/").status_code == kept


def test_the_admin_shows_and_removes(erin, cast):
    row = routes.add(**ROUTE, by=cast.erin)
    for name in ("route", "alias", "condition", "fact", "decisioncount"):
        assert erin.get(f"/admin/gateway/{name}/").status_code == 200
    chosen = {"action": "remove", "_selected_action": [str(row.pk)]}
    assert erin.post("/admin/gateway/route/", chosen).status_code == 302
    assert not Route.objects.exists()


WRONG = [
    ("host", "Models.example.org"),
    ("host", "models.example.org:8080"),
    ("host", "*"),
    ("host", "a b"),
    ("pattern", "v1/models"),
    ("pattern", "/v1/../x"),
    ("pattern", "/v1//x"),
    ("pattern", "/v1/%2f"),
    ("pattern", "/**/x"),
    ("pattern", "/v1/*"),
    ("pattern", "/v1/{a}{b}"),
    ("pattern", "/v1/{a}/{a}"),
    ("pattern", "/v1/{A}"),
    ("pattern", "/v1/{a"),
    ("address", "oncology/{name}"),
    ("address", "Oncology"),
    ("address", ""),
    ("methods", []),
    ("methods", ["get"]),
    ("permission", "fly"),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_route_that_could_mean_two_things_is_refused(cast, field, value):
    with pytest.raises(ValidationError) as caught:
        routes.add(**ROUTE | {field: value}, by=cast.erin)
    assert field in caught.value.message_dict


def test_two_routes_for_the_same_requests_are_refused(cast):
    base = ROUTE | {"pattern": "/v1/{name}", "address": "oncology/{name}"}
    routes.add(**base, by=cast.erin)
    twin = base | {"pattern": "/v1/{other}", "address": "oncology/{other}"}
    with pytest.raises(ValidationError):
        routes.add(**twin, by=cast.erin)
    routes.add(**twin | {"methods": ["POST"]}, by=cast.erin)
    routes.add(**twin | {"host": "other.example.org"}, by=cast.erin)


@pytest.mark.parametrize("address", ["records", "{id}{id}", "{name}", "Records/{id}", "{id}\x00"])
def test_an_alias_holds_the_id_once(cast, address):
    with pytest.raises(ValidationError):
        aliases.add(**ALIAS, address=address, by=cast.erin)


OP = Operator
TESTS = [
    (OP.IS, "a", "a", True),
    (OP.IS, "a", "A", False),
    (OP.IS, 1, 1.0, True),
    (OP.IS, 1, True, False),
    (OP.IS, True, 1, False),
    (OP.IS, "1", 1, False),
    (OP.IS_NOT, "a", "b", True),
    (OP.IS_NOT, "a", "a", False),
    (OP.IS_NOT, "a", None, False),
    (OP.IS_NOT, "a", ["b"], False),
    (OP.IN, ["a", 2], 2, True),
    (OP.IN, ["a", 1], True, False),
    (OP.IN, ["a"], ["a"], False),
    (OP.NOT_IN, ["a"], "b", True),
    (OP.NOT_IN, ["a"], "a", False),
    (OP.NOT_IN, ["a"], {}, False),
    (OP.AT_LEAST, 3, 3, True),
    (OP.AT_LEAST, 3, 2.9, False),
    (OP.AT_LEAST, 3, "9", False),
    (OP.AT_LEAST, 0, True, False),
    (OP.AT_MOST, 3, 3, True),
    (OP.AT_MOST, 3, 4, False),
]


@pytest.mark.parametrize(("operator", "expected", "sent", "holds"), TESTS)
def test_operators_are_typed(operator, expected, sent, holds):
    assert rules.test({"x": sent}, "x", operator, expected) is holds


def test_a_missing_property_fulfils_nothing():
    for operator in Operator:
        expected: Any = ["a"] if operator in rules.LISTS else 1
        assert rules.test({}, "x", operator, expected) is False


@pytest.mark.parametrize(
    "tests",
    [
        {"must_operator": "in", "must_value": "a"},
        {"must_operator": "in", "must_value": []},
        {"must_operator": "in", "must_value": [["a"]]},
        {"must_operator": "at_least", "must_value": "3"},
        {"must_operator": "at_least", "must_value": True},
        {"must_operator": "is", "must_value": {"a": 1}},
        {"must_operator": "is", "must_value": ["a"]},
        {"must_operator": "like"},
        {"must_name": "a b"},
        {"must_source": "database"},
        {"when_source": "context"},
        {"when_source": "context", "when_name": "x", "when_operator": "is"},
        {"when_name": "x"},
    ],
)
def test_a_condition_is_typed_and_whole(cast, tests):
    answer = caller(cast.erin).post("gateway/conditions", CONDITION | tests)
    refused(answer, 422)
    assert not Condition.objects.exists()


def test_a_fact_is_about_one(cast):
    erin = caller(cast.erin)
    both = {"resource": "oncology", "person": "bob", "name": "x", "value": 1}
    refused(erin.post("gateway/properties", both), 422)
    refused(erin.post("gateway/properties", {"name": "x", "value": 1}), 422)
    refused(erin.post("gateway/properties", {"person": "bob", "name": "x", "value": []}), 422)
    once = {"person": "bob", "name": "x", "value": 1}
    assert erin.post("gateway/properties", once).status_code == 201
    refused(erin.post("gateway/properties", once), 409)


@pytest.mark.parametrize("pattern", ["/c?x=1", "/c?", "/v1/{name}?a={b}"])
def test_a_route_has_no_query(cast, erin, pattern):
    """It is never compared, so a route that names one would match without it."""
    told = refused(caller(cast.erin).post("gateway/routes", ROUTE | {"pattern": pattern}), 422)
    assert told["errors"]["pattern"] == ["A path only: what follows a ? is never compared."]
    page = erin.post("/gateway/routes/new/", ROUTE | {"pattern": pattern})
    assert page.status_code == 422 and "pattern" in page.context["form"].errors
    assert not Route.objects.exists()
