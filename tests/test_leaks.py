"""What somebody may not see changes nothing of what they get: no body, count, order or error.

Every address comes from the resolver and every parameter from the schema, so that a new one is
tried from the day it exists. Each answer is compared with that of a world in which the hidden
things are not there, or of a name that nothing has.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import get_resolver
from django.utils import timezone

from access.actions import requests
from accounts.actions import agreements, grants, groups, keys, people
from accounts.models import Agreement, Resource, User
from accounts.models.vocabulary import State
from audit.actions import erasures, exports, keeping, searches
from audit.models import Event
from audit.search import Search
from gateway.actions import aliases, properties, routes
from governance import generated
from registry.actions import assets, files, projects, states, versions
from registry.models import Asset, Version
from tests import architecture as rules
from tests.cast import Cast, role
from tests.conftest import Beneath

CANARY = "xanthippe"
NONSENSE = "zyzzogeton"
SIGN_IN = "accounts.backend.SignInBackend"
# What looking at it changes by itself: the record of having looked.
CHANGES_BY_LOOKING = {"/trail/", "/api/v1/trail"}
SKIPPED = ("admin:", "account_", "api_try", "api-schema", "livez", "readyz", "theme")
KNOWN = {"roles": "reader", "agreements": "dua"}
PUBLIC_HOLES = {"slug", "key", "uidb36", "kind"}
PARAMETERS = ("q", "resource", "subject")
AUDITED = ("/catalogue/", "/grants/", "/api/v1/datasets", "/agreements/dua/")


@dataclass
class Hidden:
    """What is there, and not for everybody."""

    states: dict[str, Asset]
    version: Version
    ids: dict[str, Any]


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blobs")


def plain(blobs: Path) -> override_settings:
    """Pages without what the frame asks for on each of them; one store for all tests."""
    engine = copy.deepcopy(settings.TEMPLATES[0])
    engine["OPTIONS"]["context_processors"].remove("governance.navigation.shell")
    return override_settings(TEMPLATES=[engine], BLOB_ROOT=blobs)


@pytest.fixture(autouse=True)
def quick(blobs: Path, _own: None) -> Iterator[None]:
    with plain(blobs):
        yield


def hide(cast: Cast) -> Hidden:
    """A project of Petra's with one thing in each state, and all that hangs on it."""
    petra, erin = cast.petra, cast.erin
    words = {"name": f"{CANARY} name", "description": f"{CANARY} text", "card": f"{CANARY} card"}
    vault = projects.register(
        slug=f"{CANARY}-vault", owner=petra, name=CANARY, description=CANARY, by=erin
    )
    found = {}
    for state in (State.DRAFT, State.PUBLISHED, State.DEPRECATED, State.WITHDRAWN):
        slug = f"{CANARY}-{state}"
        facts = words | {"required_agreements": ["dua"] if state == State.DEPRECATED else []}
        found[str(state)] = assets.register(vault, "dataset", slug=slug, by=petra, **facts)
    version = versions.open_version(found["published"], notes=CANARY, by=petra)
    file = files.upload(version, f"{CANARY}.csv", [CANARY.encode()], by=petra)
    versions.approve(version, by=petra)
    for state in (State.PUBLISHED, State.DEPRECATED, State.WITHDRAWN):
        asset = found[str(state)]
        states.set_state(asset, State.PUBLISHED, by=petra)
        if state != State.PUBLISHED:
            states.set_state(Asset.objects.get(pk=asset.pk), state, by=petra)
    place = Resource.objects.get(pk=found["published"].pk)
    given = grants.give(role("reader"), cast.dana, place, reason=CANARY, by=petra)
    grants.suspend(given, reason=CANARY, by=petra)
    asked = requests.submit(
        place, role("contributor"), purpose="research", justification=CANARY, by=cast.dana
    )
    end = timezone.now() + timedelta(hours=1)
    key = keys.issue(petra, name=CANARY, scopes=["read"], expires_at=end, by=petra).key
    dua = Agreement.objects.get()
    signed = agreements.record(dua, cast.dana, evidence=CANARY, by=erin)
    record = {"resource_type": f"{CANARY}-record", "action": "read"}
    alias = aliases.add(**record, kind="dataset", permission="read", by=erin)
    must: dict[str, Any] = {
        "must_source": "context",
        "must_name": "ok",
        "must_operator": "is",
        "must_value": True,
    }
    condition = properties.add_condition(**record, **must, by=erin)
    fact = properties.add_fact(name="role", value=CANARY, resource=place, by=erin)
    route = routes.add(
        host=f"{CANARY}.example.org", methods=["GET"], pattern="/v1", permission="read",
        address=place.address, by=erin,
    )  # fmt: skip
    search = Search.of(CANARY)
    saved = searches.save_search(search, name=CANARY, by=cast.dana)
    export = exports.export(search, format="jsonl", by=cast.dana)
    gone = people.invite(username=CANARY, email=f"{CANARY}@example.org", by=erin)
    people.deactivate(gone, by=erin)
    erasure = erasures.ask_erasure(gone, f"{CANARY}s", by=erin)
    hold = keeping.place_hold(place.address, CANARY, by=erin)
    ids = {
        "aliases": alias.pk, "conditions": condition.pk, "properties": fact.pk,
        "routes": route.pk, "searches": saved.pk, "exports": export.pk, "answers": 1,
        "grants": given.pk, "keys": key.pk, "requests": asked.pk, "signatures": signed.pk,
        "projects": vault.uid, "versions": version.uid, "models": found["published"].uid,
        "name": file.path, "path": file.path, "project": vault.slug, "people": cast.dana.pk,
        "users": cast.dana.pk, "services": cast.scoring.pk,
        "service-accounts": cast.scoring.pk, "trail": Event.objects.latest("id").uid,
        "erasures": erasure.pk, "holds": hold.pk,
    }  # fmt: skip
    return Hidden(found, version, ids)


# --- what is asked, and how two answers are compared


def client_of(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person, SIGN_IN)
    return client


def plain_routes() -> list[tuple[str, str]]:
    """Addresses that name nothing, or something that everybody knows."""
    found = []
    for name, path, holes in rules.routes(get_resolver().url_patterns):
        known = next((slug for noun, slug in KNOWN.items() if f"{noun}/{{slug}}" in path), "")
        if holes and not (known and set(holes) == {"slug"}):
            continue
        address = f"/{path.format(slug=known)}"
        if not name.startswith(SKIPPED) and address not in CHANGES_BY_LOOKING:
            found.append((name, address))
    return found


NOISE = (
    (r'name="csrfmiddlewaretoken" value="[^"]*"', ""),
    (r"<time[^>]*>[^<]*</time>", ""),
    (r'"(request_id|now|at)": ?"[^"]*"', ""),
    (r"As it stood on [^,]*, [0-9:]* UTC", ""),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d", ""),
    (r"\b\d+ (allowed|refused)", ""),
)


def told(client: Client, path: str, *names: str) -> tuple[int, str]:
    """Status and body, without what differs by itself and without the name that was asked for."""
    answer = client.get(path)
    body = b"".join(answer) if answer.streaming else answer.content
    text = body.decode(errors="replace")
    for pattern, instead in NOISE:
        text = re.sub(pattern, instead, text)
    for name in names:  # a short number is one only where it stands alone
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)" if len(name) < 5 else re.escape(name),
                      "NAME", text)  # fmt: skip
    return answer.status_code, text


def seen(client: Client) -> dict[str, tuple[int, str]]:
    return looked(client, [path for _, path in plain_routes()])


def looked(client: Client, paths: Iterable[str]) -> dict[str, tuple[int, str]]:
    return {path: told(client, path) for path in paths}


# --- the comparisons


def prepare(cast: Cast) -> None:
    """What is known to everybody, or to givers, is there before and after."""
    agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)
    states.set_state(cast.scans, State.PUBLISHED, by=cast.alice)


@dataclass
class World:
    before: dict[str, dict[str, tuple[int, str]]]
    hidden: Hidden


@pytest.fixture(scope="module")
def world(beneath: Beneath, blobs: Path) -> World:
    """Looked at by each, and then with what is hidden in it: once for all tests."""
    found: list[World] = []

    def build(cast: Cast) -> None:
        prepare(cast)
        names = ("charlie", "bob", "alice")
        with plain(blobs):
            before = {name: seen(client_of(getattr(cast, name))) for name in names}
            before["dana"] = looked(client_of(cast.dana), AUDITED)
            found.append(World(before, hide(cast)))

    beneath(build)
    return found[0]


@pytest.mark.parametrize("name", ["charlie", "bob", "alice"])
def test_every_list_is_as_if_it_were_not_there(world: World, cast: Cast, name: str) -> None:
    before = world.before[name]
    after = seen(client_of(getattr(cast, name)))
    assert [path for path in before if before[path] != after[path]] == []
    assert len(before) > 40
    assert not [path for path, (_, text) in after.items() if CANARY in text]


def test_it_can_fail(world: World, cast: Cast) -> None:
    """Dana audits, so for her the same is there to be seen."""
    before, after = world.before["dana"], looked(client_of(cast.dana), AUDITED)
    assert [path for path in AUDITED if before[path] == after[path]] == []


def details(hidden: Hidden) -> Iterator[tuple[str, str, list[str]]]:
    """Each address with a hole: filled with what is hidden, and with what nothing has."""
    for name, template, holes in rules.routes(get_resolver().url_patterns):
        if not holes or name.startswith(SKIPPED) or set(holes) & PUBLIC_HOLES:
            continue
        for state, asset in hidden.states.items():
            real = hidden.ids | {"datasets": asset.uid, "address": asset.address}
            if state == "published":
                real["address"] = hidden.version.address
            none = {hole: nothing(hole, kind) for hole, kind in holes.items()}
            filled = {hole: rules.value(template, hole, real) for hole in holes}
            names = [str(v) for v in (*filled.values(), *none.values())]
            yield "/" + template.format(**filled), "/" + template.format(**none), names
            if not {"address", "uid"} & set(holes):
                break


def nothing(hole: str, converter: str) -> Any:
    if hole == "address":
        return f"{NONSENSE}-vault/{NONSENSE}@v1"
    return {"UUIDConverter": uuid4(), "IntConverter": 987654}.get(converter, f"{NONSENSE}.csv")


@pytest.mark.parametrize("name", ["charlie", "bob"])
def test_every_detail_is_as_if_it_were_not_there(world: World, cast: Cast, name: str) -> None:
    world.hidden.ids["groups"] = groups.create(name=CANARY, by=cast.erin).pk
    client = client_of(getattr(cast, name))
    different, tried = [], 0
    for there, nowhere, names in details(world.hidden):
        tried += 1
        if told(client, there, *names) != told(client, nowhere, *names):
            different.append(there)
    assert different == []
    assert tried > 60


def questions() -> Iterator[tuple[str, str]]:
    """Every parameter of a list: of REST by its schema, of a page by what pages search for."""
    schema = json.loads(generated.schema())
    for path, operations in schema["paths"].items():
        if "{" not in path and "get" in operations and "trail" not in path:
            for parameter in operations["get"].get("parameters", []):
                if parameter["in"] == "query" and parameter["name"] not in ("limit", "cursor"):
                    yield path, parameter["name"]
    for _, path in plain_routes():
        if not path.startswith("/api/"):
            yield from ((path, parameter) for parameter in PARAMETERS)


@pytest.mark.parametrize("name", ["bob"])
def test_every_search_is_as_if_it_were_not_there(world: World, cast: Cast, name: str) -> None:
    client = client_of(getattr(cast, name))
    extra = "&permission=read"  # of questions about access; others take no notice of it
    different, tried = [], 0
    for path, parameter in questions():
        tried += 1
        tail = "" if parameter == "q" else "-vault"
        there, nowhere = (
            told(client, f"{path}?{parameter}={word}{tail}{extra}", word)
            for word in (CANARY, NONSENSE)
        )
        if there != nowhere:
            different.append(f"{path}?{parameter}")
    assert different == []
    assert tried > 60


@pytest.mark.parametrize("name", ["erin"])
def test_who_oversees_sees_no_content(world: World, cast: Cast, name: str) -> None:
    """Who holds what, and the trail; not the card, and not the words of a draft."""
    client = client_of(getattr(cast, name))
    admin = [
        (route, f"/{path}")
        for route, path, holes in rules.routes(get_resolver().url_patterns)
        if route.endswith("_changelist") and not route.startswith("admin:audit")
    ]
    found = []
    for _, path in (*plain_routes(), *admin):
        _, text = told(client, path)
        found += [(path, word) for word in (f"{CANARY} card",) if word in text]
        draft = re.search(rf"{CANARY}-draft[^<]*<[^>]*>[^<]*{CANARY} (name|text)", text)
        found += [(path, draft[0])] if draft else []
    assert found == []
