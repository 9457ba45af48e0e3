"""The schema equals its snapshot; the reference shows all of it; Swagger gets what it needs."""

from __future__ import annotations

import json
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from governance import generated, reference
from tests.rest import ROOT, caller, refused

PLACE = "tests/snapshots/openapi.json"
NOUNS = {
    "projects", "datasets", "models", "versions", "roles", "grants", "requests", "users", "groups",
    "service-accounts", "keys", "trail", "decide", "whoami", "oauth", "gateway", "agreements",
    "signatures", "explain", "who-can", "what-can",
}  # fmt: skip


@pytest.fixture
def bob(cast) -> Client:
    client = Client()
    client.force_login(cast.bob, "accounts.backend.SignInBackend")
    return client


@pytest.fixture(scope="module")
def made() -> tuple[str, str]:
    """The schema, and what was said while it was made."""
    said = StringIO()
    with redirect_stderr(said):
        return generated.schema(), said.getvalue()


@pytest.fixture(scope="module")
def schema(made: tuple[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made[0])
    return found


def test_it_equals_the_snapshot(made):
    same = made[0] == generated.place(PLACE).read_text()
    assert same, "The API changed: run `make docs` and look at the difference."


def test_it_is_made_without_a_warning(made):
    assert made[1] == ""


def test_every_noun_is_in_it(schema):
    assert schema["openapi"].startswith("3.1")
    assert {path.split("/")[3] for path in schema["paths"]} == NOUNS
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "default" in operation["responses"]
            assert operation["security"]


def test_nothing_changes_by_get(schema):
    """Every state change has its own method; a GET takes no body."""
    for operations in schema["paths"].values():
        assert "requestBody" not in operations.get("get", {})


def test_it_is_served_to_those_who_are_known(cast, schema):
    served = caller(cast.charlie).get("schema/")
    assert served.status_code == 200
    assert json.loads(served.content)["paths"].keys() == schema["paths"].keys()
    refused(Client().get(f"{ROOT}schema/"), 401)


def test_the_reference_shows_every_operation(bob, schema):
    page = bob.get("/api/docs/").content.decode()
    for path, operations in schema["paths"].items():
        assert path in page
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page
    assert sum(len(listed) for _, listed in reference.sections()) == sum(
        len(operations) for operations in schema["paths"].values()
    )
    assert "<script>" not in page


def test_images_from_data_are_for_swagger_only(bob):
    reference_policy = bob.get("/api/docs/")["Content-Security-Policy"]
    tried = bob.get("/api/docs/try/")
    assert "data:" not in reference_policy
    assert "img-src 'self' data:" in tried["Content-Security-Policy"]
    assert "unsafe" not in tried["Content-Security-Policy"]
    page = tried.content.decode()
    assert "<style" not in page
    assert "<script>" not in page
    script = bob.get("/api/docs/try/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()


def test_the_pages_are_behind_the_sign_in(db):
    for path in ("/api/docs/", "/api/docs/try/"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/")
