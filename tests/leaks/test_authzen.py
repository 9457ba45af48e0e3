"""What gateways ask, with every persona's key: of what they may not see the answers are those of
what never was, and no search finds it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver
from django.utils import timezone

from accounts.actions import keys
from accounts.models import Resource
from accounts.permissions import Permission
from tests import architecture as rules
from tests.cast import Cast
from tests.leaks.asking import (
    EVERYBODY,
    KEYED,
    OVERSEERS,
    Answer,
    Ask,
    Asker,
    acts,
    with_key,
)
from tests.leaks.operations import nothing
from tests.leaks.world import ALL, HOUR, KEEPER, VAULT, Hidden

NATIVE = {"projects": "project", "datasets": "dataset", "models": "model", "versions": "version"}
CONFIGURATION = "authzen"  # the same to everybody
Body = dict[str, Any]


def question(asker: Asker, kind: str, name: str, permission: str = "read") -> Body:
    """About the asker itself."""
    is_service = asker.user.kind == "service"
    return {
        "subject": {"type": "service" if is_service else "user", "id": asker.user.username},
        "action": {"name": permission},
        "resource": {"type": kind, "id": name},
    }


def bodies(asker: Asker, kind: str, name: str) -> dict[str, Body]:
    """One for each address, by the name of its route."""
    asked = question(asker, kind, name)
    justified = {"purpose": "research", "business_justification": "x"}
    return {
        "authzen_evaluation": asked,
        "authzen_evaluations": {"evaluations": [asked, question(asker, kind, name, "discover")]},
        "authzen_subjects": asked | {"subject": {"type": "user"}},
        "authzen_resources": asked | {"resource": {"type": kind, "id": name}},
        "authzen_actions": {key: asked[key] for key in ("subject", "resource")},
        "authzen_requests": asked | {"context": justified, "denial": {"binding_token": "x"}},
    }


def addresses() -> dict[str, str]:
    return {
        name: f"/{path}"
        for name, path, holes in rules.routes(get_resolver().url_patterns)
        if name.startswith("authzen") and not holes and name != CONFIGURATION
    }


@pytest.fixture
def keyed(ask: Ask, cast: Cast) -> Ask:
    """The personas with sessions have a key here: a browser's session asks for nobody."""

    def asker(name: str) -> Asker:
        if name in KEYED:
            return ask(name)
        person, end = getattr(cast, name), timezone.now() + HOUR
        issued = keys.issue(
            person, name=name, scopes=list(Permission.values), expires_at=end, by=person
        )
        return with_key(name, issued.key, issued.secret)

    return asker


def test_every_address_has_a_question(hidden: Hidden, ask: Ask) -> None:
    assert set(addresses()) == set(bodies(ask("charlie"), "dataset", "x"))


def may_know(asker: Asker, place: Any) -> bool:
    return asker.may(Permission.DISCOVER, place) or asker.may(Permission.REVIEW, place)


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_hidden_resource_answers_as_none(hidden: Hidden, keyed: Ask, name: str) -> None:
    asker, different, tried = keyed(name), [], 0
    turn = EVERYBODY.index(name)
    unseen = [
        (NATIVE[noun], row)
        for noun, rows in hidden.places.items()
        for row in rows.values()
        if not may_know(asker, row)
    ]
    before, paths = acts(), addresses()
    for number, (kind, row) in enumerate(unseen if ALL else unseen[turn % 5 :: 5]):
        there = (row.address, str(row.uid))[number % 2]
        nowhere = nothing(there)
        answers = [told(asker, paths, kind, word, there, nowhere) for word in (there, nowhere)]
        tried += 1
        different += [(route, there) for route in paths if answers[0][route] != answers[1][route]]
    assert different == []
    assert acts() == before
    assert len(unseen) == (0 if name in OVERSEERS else 15)
    assert tried >= len(unseen) // 5


def told(
    asker: Asker, paths: dict[str, str], kind: str, word: str, *names: str
) -> dict[str, Answer]:
    asked = bodies(asker, kind, word)
    return {route: asker.send("post", path, asked[route], *names) for route, path in paths.items()}


@pytest.mark.parametrize("name", EVERYBODY)
def test_no_search_finds_it(hidden: Hidden, keyed: Ask, name: str) -> None:
    """Of every kind, for oneself and for the keeper: each result is one that the asker may know."""
    asker, wrong, known = keyed(name), [], 0
    path = addresses()["authzen_resources"]
    for kind in NATIVE.values():
        for subject in ({"type": "user", "id": KEEPER}, question(asker, kind, "")["subject"]):
            asked = {"subject": subject, "action": {"name": "discover"}, "resource": {"type": kind}}
            response = asker.client.post(path, asked, "application/json", headers=asker.headers)
            rows = response.json()["results"] if response.status_code == 200 else []
            for row in rows:
                place = Resource.objects.get(path=f"/{row['id'].replace('@', '/')}/")
                known += 1
                wrong += [] if may_know(asker, place) else [row["id"]]
    assert wrong == []
    assert known > 0 or name not in ("alice", "dana")


@pytest.mark.parametrize("name", ["charlie", "alice", "scoring"])
def test_a_task_of_others_is_as_none(hidden: Hidden, keyed: Ask, name: str) -> None:
    asker, there = keyed(name), hidden.ids["requests"]
    nowhere = nothing(there)
    for method, tail in (("get", ""), ("post", "/cancel")):
        first, second = (
            asker.send(method, f"/access/v1/requests/{pk}{tail}", None, there, nowhere)
            for pk in (there, nowhere)
        )
        assert first == second
        assert VAULT not in first[2]
