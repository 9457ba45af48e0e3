"""Every address out of the resolver: those that name nothing, and those with a hole."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import override_settings
from django.urls import get_resolver

from tests import architecture as rules
from tests.leaks.asking import Answer, Asker, Keys
from tests.leaks.operations import nothing
from tests.leaks.world import CANARY, VAULT, Hidden

# Not of this world: signing in, whether it is alive, what is generated. The admin has a file of
# its own here, and so has what gateways ask.
SKIPPED = ("admin:", "account_", "api_try", "api-schema", "livez", "readyz", "theme", "authzen")
KNOWN = {"roles": "reader", "agreements": "dua"}
PUBLIC_HOLES = {"slug", "key", "uidb36"}
AUDITED = ("/catalogue/", "/grants/", "/api/v1/datasets", "/agreements/dua/")
API = "/api/v1/"
MUST = {"who-can": "?permission=read&resource=oncology", "what-can": "?permission=read"}
# The record of having looked stands in it; its rows are counted one by one instead.
CHANGES_BY_LOOKING = {"/trail/", "/api/v1/trail"}
Looks = dict[str, Answer]


@dataclass
class World:
    before: dict[str, Looks]
    hidden: Hidden
    issued: Keys


def plain(blobs: Path) -> override_settings:
    """Pages without what the frame asks for on each of them; one store for all tests."""
    engine = copy.deepcopy(settings.TEMPLATES[0])
    engine["OPTIONS"]["context_processors"].remove("governance.navigation.shell")
    return override_settings(TEMPLATES=[engine], BLOB_ROOT=blobs)


def plain_routes() -> list[str]:
    """Addresses that name nothing, or something that everybody knows."""
    found = []
    for name, path, holes in rules.routes(get_resolver().url_patterns):
        known = next((slug for noun, slug in KNOWN.items() if f"{noun}/{{slug}}" in path), "")
        if name.startswith(SKIPPED) or (holes and not (known and set(holes) == {"slug"})):
            continue
        found.append(f"/{path.format(slug=known)}{MUST.get(path.rpartition('/')[2], '')}")
    return found


def looks_of(asker: Asker) -> list[str]:
    """Somebody with a key gets no page; who has something gets it in parts of one, too."""
    paths = [path for path in plain_routes() if path not in CHANGES_BY_LOOKING]
    rest = [path for path in paths if path.startswith(API)]
    parts = [f"{path}{'&' if '?' in path else '?'}limit=1" for path in rest]
    if asker.secret:
        return rest
    return paths + (parts if asker.name == "alice" else [])


def seen(asker: Asker) -> Looks:
    return looked(asker, looks_of(asker))


def looked(asker: Asker, paths: Iterable[str]) -> Looks:
    return {path: asker.send("get", path) for path in paths}


def pages() -> Iterator[tuple[str, dict[str, str]]]:
    """Every page that names something; what REST names is in its schema."""
    for name, template, holes in rules.routes(get_resolver().url_patterns):
        is_page = not template.startswith("api/") and not name.startswith(SKIPPED)
        if is_page and holes and not set(holes) & PUBLIC_HOLES:
            yield template, holes


def details(hidden: Hidden, turn: int) -> Iterator[tuple[str, str, list[Any]]]:
    """Each page with a hole: filled with what is hidden, and with what nothing has."""
    places = [row for rows in hidden.places.values() for row in rows.values()]
    for number, (template, holes) in enumerate(pages()):
        real = hidden.ids | {
            "address": places[(turn + number) % len(places)].address,
            "project": VAULT,
            "kind": "model" if number % 2 else "dataset",
            "name": f"{CANARY}.csv",
        }
        filled = {hole: rules.value(template, hole, real) for hole in holes}
        none = {hole: value if hole == "kind" else nothing(value) for hole, value in filled.items()}
        names = [v for hole, v in (*filled.items(), *none.items()) if hole != "kind"]
        yield "/" + template.format(**filled), "/" + template.format(**none), names
