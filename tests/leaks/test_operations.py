"""Every method of every operation of REST, of every persona, on everything in every state that
they may not see: it answers as for what never was, and does nothing.

Each answer is compared as a whole: status, every header, body. In the suite each operation meets
each state and each persona once, in turns; with `WORLDS=2` and more, each meets all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Grant, Resource
from accounts.permissions import Permission
from tests.cast import Cast
from tests.leaks.asking import EVERYBODY, KEYED, OVERSEERS, Answer, Ask, Asker, acts, sees
from tests.leaks.operations import Operation, nothing, operations, unplaced
from tests.leaks.world import ALL, CANARY, KEEPER, VAULT, Hidden


def targets(asker: Asker, hidden: Hidden, noun: str, turn: int) -> Iterator[Any]:
    """What of this noun the asker may not see: one of them, by turns, or all."""
    if noun not in hidden.places:
        if not sees(asker, hidden, noun):
            yield hidden.ids[noun]
        return
    found = [row.uid for state, row in hidden.places[noun].items()
             if not sees(asker, hidden, noun, state)]  # fmt: skip
    yield from found if ALL or not found else [found[turn % len(found)]]


def mine(asker: Asker, turn: int) -> bool:
    """People are asked for all; each key for a part."""
    return ALL or asker.name not in KEYED or turn % 3 == 0


def filled(op: Operation, uid: Any) -> str:
    path = op.path.replace("{uid}", str(uid)).replace("{id}", str(uid))
    return path.replace("{path}", f"{CANARY}.csv").replace("{name}", KEEPER)


def in_paths(asker: Asker, hidden: Hidden, turn: int) -> Iterator[tuple[Operation, Any]]:
    for number, op in enumerate(operations()):
        if op.noun and mine(asker, number + turn):
            for uid in targets(asker, hidden, op.noun, turn + number):
                yield op, uid


def differs(asker: Asker, op: Operation, there: Any, nowhere: Any) -> bool:
    answers = [
        asker.send(op.method, filled(op, uid), op.sent(), there, nowhere)
        for uid in (there, nowhere)
    ]
    return answers[0] != answers[1]


@pytest.mark.parametrize("name", EVERYBODY)
def test_what_a_path_names(hidden: Hidden, ask: Ask, name: str) -> None:
    asker = ask(name)
    before, different, tried = acts(), [], set()
    for op, uid in in_paths(asker, hidden, EVERYBODY.index(name)):
        tried.add(op)
        if differs(asker, op, uid, nothing(uid)):
            different.append(str(op))
    assert different == []
    assert acts() == before
    assert len(tried) > (60 if name in ("charlie", "bob", "alice") else 15)


def places(asker: Asker, hidden: Hidden, turn: int, *nouns: str) -> list[str]:
    """What stands there and may not be found, by its address and by its uid."""
    rows = [row for noun in nouns for row in hidden.places[noun].values()]
    found = [row for row in rows if not asker.may(Permission.DISCOVER, row)]
    if found and not ALL:
        found = [found[turn % len(found)]]
    return [name for row in found for name in (row.address, str(row.uid))]


def named(asker: Asker, hidden: Hidden, kind: str, turn: int) -> list[str]:
    """The names of what the asker may not see, as a body or a parameter gives them."""
    if kind == "places":
        return places(asker, hidden, turn, *hidden.places)
    if kind == "versions":
        return places(asker, hidden, turn, kind)
    if kind == "projects":
        return places(asker, hidden, turn, kind)[::2]  # by their slugs
    word = {"users": KEEPER, "groups": CANARY}[kind]
    return [] if sees(asker, hidden, kind) or asker.name == "alice" else [word]


def visible(cast: Cast) -> dict[str, Any]:
    """What Alice may see of each noun: behind it the body is read."""
    oncology = {row.path: row for row in Resource.objects.filter(path__startswith="/oncology/")}
    held = Grant.objects.get(group=cast.researchers)
    return {
        "projects": cast.oncology.uid, "datasets": cast.scans.uid, "grants": held.pk,
        "models": oncology["/oncology/net/"].uid, "groups": cast.researchers.pk,
        "versions": oncology["/oncology/ct-scans/v1/"].uid, "users": cast.alice.pk,
        "service-accounts": cast.scoring.pk,
    }  # fmt: skip


# By whom a draft may be named that they do not find: who reviews a place is told why anybody gets
# there or not, themselves too; and who keeps the trail holds any address that stands in it.
TOLD = {"/api/v1/explain": OVERSEERS, "/api/v1/trail/holds": OVERSEERS}


def in_bodies(
    asker: Asker, hidden: Hidden, ids: dict[str, Any], turn: int
) -> Iterator[tuple[Operation, Any, str, str]]:
    for number, op in enumerate(operations()):
        for field, kind in op.names():
            for name in named(asker, hidden, kind, turn + number):
                if asker.name in TOLD.get(op.path, ()):
                    continue
                yield op, ids.get(op.noun, hidden.ids.get(op.noun)), field, name


@pytest.mark.parametrize("name", EVERYBODY)
def test_what_a_body_names(hidden: Hidden, cast: Cast, ask: Ask, name: str) -> None:
    asker, ids = ask(name), visible(cast)
    before, different, tried = acts(), [], set()
    for op, uid, field, there in in_bodies(asker, hidden, ids, EVERYBODY.index(name)):
        nowhere = nothing(there)
        told = [
            asker.send(op.method, filled(op, uid), op.body | {field: word}, there, nowhere)
            for word in (there, nowhere)
        ]
        tried.add((op, field))
        if told[0] != told[1]:
            different.append((str(op), field, there))
    assert different == []
    assert acts() == before
    assert len(tried) > (5 if name in OVERSEERS else 8)


# What a parameter names; every other is given a word that is nowhere but in what is hidden.
GIVEN = {"resource": "places", "path": "places", "project": "projects", "subject": "users",
         "user": "users", "actor": "users"}  # fmt: skip
PAGING = {"limit", "cursor"}
MUST = {"who-can": "&permission=read", "what-can": "&permission=read"}


# With any key of hers the keeper hears what is her own: herself, and what she was given, as far as
# the key is not cut to another place.
OWN = {
    "key elsewhere": {"/api/v1/users"},
    "key without a look": {"/api/v1/users", "/api/v1/grants"},
}


def without_looks(told: Answer) -> Answer:
    """Of the trail: without the asker's own searches, in which the words stand that they typed."""
    status, _, text = told
    rows = json.loads(text).get("results", []) if status == 200 else text
    kept = [row for row in rows if not (isinstance(row, dict) and row["verb"] == "trail.view")]
    return status, (), str(kept)


def in_queries(asker: Asker, hidden: Hidden, turn: int) -> Iterator[tuple[str, str, str]]:
    """Every parameter of every list of REST."""
    for number, op in enumerate(operations()):
        if op.noun or op.path in OWN.get(asker.name, ()):
            continue
        for place, parameter in enumerate(sorted(set(op.parameters) - PAGING)):
            if not mine(asker, turn + number + place):
                continue
            kind = GIVEN.get(parameter)
            words = named(asker, hidden, kind, turn + number) if kind else [CANARY]
            if op.path.endswith("/trail"):  # what the keeper did at Alice's is hers to read
                words = [VAULT]
            for word in words:
                path = f"{op.path}?{MUST.get(op.path.rpartition('/')[2], '')}&{parameter}="
                yield path.replace("?&", "?"), parameter, word


@pytest.mark.parametrize("name", ["charlie", "bob", "alice", *KEYED])
def test_what_a_parameter_names(hidden: Hidden, ask: Ask, name: str) -> None:
    asker, different, tried = ask(name), [], set()
    for path, parameter, there in in_queries(asker, hidden, EVERYBODY.index(name)):
        nowhere = nothing(there)
        told = [asker.send("get", path + word, None, there, nowhere) for word in (there, nowhere)]
        if path.startswith("/api/v1/trail?"):
            told = [without_looks(answer) for answer in told]
        tried.add((path, parameter))
        if told[0] != told[1]:
            different.append((path, there))
    assert different == []
    assert len(tried) > (30 if name not in KEYED else 8)


def test_it_can_fail(hidden: Hidden, ask: Ask) -> None:
    """Petra reviews, so for her the same is there to be seen."""
    asker, published = ask("petra"), hidden.places["datasets"]["published"]
    [shown] = [op for op in operations() if str(op) == "GET /api/v1/datasets/{uid}"]
    assert differs(asker, shown, published.uid, nothing(published.uid))


def test_the_fields_of_bodies_are_placed() -> None:
    assert unplaced() == set()
