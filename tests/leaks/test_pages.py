"""What somebody may not see changes nothing of what they get: no body, count, order or error.

Every address comes from the resolver, so that a new one is tried from the day it exists. Each
answer is compared with that of a world in which the hidden things are not there, or of a name
that nothing has.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from accounts.models import Resource
from accounts.permissions import Permission
from audit.models import Event
from registry import queries as registry
from tests.leaks.asking import EVERYBODY, KEYED, Ask, acts
from tests.leaks.looking import (
    AUDITED,
    CHANGES_BY_LOOKING,
    World,
    details,
    looked,
    plain_routes,
    seen,
)
from tests.leaks.operations import nothing
from tests.leaks.world import CANARY, KEEPER, NONSENSE, VAULT, Hidden

OUTSIDERS = ("charlie", "bob", "alice")
# What the keeper was given she hears of with any key that is not cut to another place.
OWN = {"key without a look": {"/api/v1/grants"}}


@pytest.mark.parametrize("name", OUTSIDERS + KEYED)
def test_every_list_is_as_if_it_were_not_there(world: World, ask: Ask, name: str) -> None:
    before, after = world.before[name], seen(ask(name))
    different = {path for path in before if before[path] != after[path]}
    assert different == OWN.get(name, set())
    assert len(before) > (25 if name in KEYED else 40)
    word = CANARY if name in ("charlie", "bob", "bob's key", "scoring") else VAULT
    known = {path for path, (_, _, text) in after.items() if word in text}
    assert known == OWN.get(name, set())


def test_it_can_fail(world: World, ask: Ask) -> None:
    """Dana audits, so for her the same is there to be seen."""
    before, after = world.before["dana"], looked(ask("dana"), AUDITED)
    assert [path for path in AUDITED if before[path] == after[path]] == []


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", OUTSIDERS)
def test_every_detail_is_as_if_it_were_not_there(
    hidden: Hidden, ask: Ask, name: str, method: str
) -> None:
    asker, turn = ask(name), 2 * EVERYBODY.index(name) + (method == "post")
    before, different, tried = acts(), [], 0
    for there, nowhere, names in details(hidden, turn):
        tried += 1
        told = [asker.send(method, path, None, *names) for path in (there, nowhere)]
        if told[0] != told[1] and not (name == "alice" and "/groups/" in there):
            different.append(there)
    assert different == []
    assert acts() == before
    assert tried > 40


PARAMETERS = ({"q": CANARY}, {"resource": VAULT, "project": VAULT, "subject": KEEPER})


@pytest.mark.parametrize("name", ["bob", "alice"])
def test_every_search_is_as_if_it_were_not_there(hidden: Hidden, ask: Ask, name: str) -> None:
    """What pages search by; the parameters of REST are in its schema. Alice gives access, so she
    knows who there is and which groups; what she may not know is what stands elsewhere."""
    asker, different = ask(name), []
    pages = [path for path in plain_routes() if not path.startswith("/api/")]
    for path in pages:
        for asked in PARAMETERS:
            words = asked if name == "bob" else dict.fromkeys(asked, VAULT)
            if path == "/trail/":
                words = {"q": f"resource:{VAULT}"}
            told = [
                asker.send("get", f"{path}?{urlencode(query)}", None, CANARY, NONSENSE)
                for query in (words, {key: nothing(word) for key, word in words.items()})
            ]
            if told[0] != told[1]:
                different.append(f"{path}?{asked}")
    assert different == []
    assert len(pages) > 20


def test_the_trail_is_what_happened_where_one_reads_it(hidden: Hidden, ask: Ask) -> None:
    """Row by row against THE decision: of Alice's own resources all, and nothing else."""
    alice, rows, cursor = ask("alice"), [], ""
    acts = Event.objects.exclude(kind=Event.Kind.CHANGE)
    places = Resource.objects.in_bulk()
    there = {event.pk: event for event in acts}
    while True:
        _, _, text = alice.send("get", f"/api/v1/trail?limit=100{cursor}")
        told = json.loads(text)
        rows += told["results"]
        if not told["next"]:
            break
        cursor = f"&cursor={quote(told['next'])}"
    mine = {
        str(event.uid)
        for event in there.values()
        if event.resource_id in places
        and alice.may(Permission.READ_TRAIL, places[event.resource_id])
    }
    seen = {row["uid"] for row in rows if row["verb"] != "trail.view"}
    assert seen == mine - {row["uid"] for row in rows if row["verb"] == "trail.view"}
    assert len(there) > len(mine) > 10


def test_who_oversees_sees_no_content(hidden: Hidden, ask: Ask) -> None:
    """Who holds what; not the card, and not the words of a draft. (Of what was changed the trail
    tells her.)"""
    found: list[Any] = []
    paths = [path for path in plain_routes() if path not in CHANGES_BY_LOOKING]
    for path, (_, _, text) in looked(ask("erin"), paths).items():
        found += [(path, word) for word in (f"{CANARY} card",) if word in text]
        draft = re.search(rf"{CANARY}-\w+-draft[^<]*<[^>]*>[^<]*{CANARY} (name|text)", text)
        found += [(path, draft[0])] if draft else []
    assert found == []


@pytest.mark.parametrize("name", EVERYBODY)
def test_what_is_counted_is_what_may_be_seen(hidden: Hidden, ask: Ask, name: str) -> None:
    """The numbers of the home page, against THE decision on each resource."""
    asker = ask(name)
    found = [row.kind for row in Resource.objects.all() if asker.may(Permission.DISCOVER, row)]
    assert registry.counts(asker.user) == Counter(found)
