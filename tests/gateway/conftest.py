"""The certification fixture beside the cast, and callers with keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from accounts.actions import grants
from accounts.models import User
from gateway.actions import routes
from governance.demo import authzen
from registry.actions import assets, states
from registry.models import Asset
from tests.cast import Cast, role
from tests.conftest import Beneath
from tests.rest import caller


@dataclass
class Program:
    """A caller of AuthZEN: a key, and what it sends."""

    secret: str = ""
    client: Client = field(default_factory=Client)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = headers.pop("content_type", "application/json")
        return self.client.post(
            f"/access/v1/{path}", raw, content_type=kind, headers=sent | headers
        )

    def ask(self, path: str, body: Any) -> Any:
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.content
        assert answer["Content-Type"] == "application/json"
        return answer.json()

    def decides(self, body: Any) -> bool:
        said = self.ask("evaluation", body)["decision"]
        assert isinstance(said, bool)
        return said


def program(user: User, *scopes: str, keeper: User | None = None) -> Program:
    return Program(caller(user, *scopes, keeper=keeper).secret)


@pytest.fixture(scope="module")
def loaded(beneath: Beneath) -> None:
    beneath(lambda cast: authzen.load(cast.erin, cast.alice, cast.bob, cast.dana))


@pytest.fixture
def records(loaded: None, cast: Cast) -> Cast:
    return cast


@pytest.fixture
def pep(records: Cast) -> Program:
    return Program(authzen.issue_key(records.dana))


def asks(
    subject: str,
    action: str,
    resource: str,
    *,
    of: dict[str, Any] | None = None,
    by: dict[str, Any] | None = None,
    on: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """`of`, `by`, `on`: properties of subject, action, resource."""
    return {
        "subject": {"type": "user", "id": subject, **({"properties": of} if of else {})},
        "action": {"name": action, **({"properties": by} if by else {})},
        "resource": {"type": "record", "id": resource, **({"properties": on} if on else {})},
        **more,
    }


@pytest.fixture
def served(cast: Cast) -> Asset:
    """A model that Bob may call, behind two routes."""
    model = assets.register(cast.oncology, "model", slug="tumour", name="Tumour", by=cast.alice)
    states.set_state(model, "published", by=cast.alice)
    grants.give(role("deployer"), cast.bob, model, by=cast.erin)
    for methods, pattern, permission in (
        (["POST"], "/v1/models/{name}/infer", "invoke"),
        (["GET"], "/v1/models/{name}", "read"),
    ):
        routes.add(
            host="models.example.org",
            methods=methods,
            pattern=pattern,
            permission=permission,
            address="oncology/{name}",
            by=cast.erin,
        )
    return model
