"""What is hidden costs what nothing costs: the same statements in the same order, by every way in
which REST, pages and gateways find something by a name.

A clock would measure the machine. What a clock could tell is what was asked of the database, so
that is compared: each statement without its values, of a question about what is hidden and of one
about a name that nobody has. One difference there is, on purpose: the first attempt on something
hidden becomes an event of the trail, an insert in a transaction of its own, after all else. Whoever
asks again within the minute, as measuring needs, adds none: repeats are counted in Redis. So of a
row of questions, however long, one at most holds an insert. THE decision about what was found is
none of this: it comes out of memory.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.leaks.asking import EVERYBODY, Ask, Asker
from tests.leaks.looking import details
from tests.leaks.operations import nothing
from tests.leaks.test_authzen import addresses, bodies
from tests.leaks.test_operations import filled, in_paths
from tests.leaks.world import Hidden

# The insert, and once in the life of a process the number of the table that the row is of.
RECORD = re.compile(r"audit_event|django_content_type")
# Of every transaction there is; and, whatever is asked, once a minute that the key was used.
ASIDE = re.compile(r"SAVEPOINT|accounts_keyuse")


def statements(asker: Asker, method: str, path: str, body: Any) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        asker.send(method, path, body)
    told = [query["sql"] for query in asked.captured_queries]
    return [shape(sql) for sql in told if not ASIDE.search(sql)]


def shape(sql: str) -> str:
    """Without values."""
    sql = re.sub(r"'(?:[^']|'')*'(::\w+)?", "?", sql)
    return re.sub(r"(?<![\w\"])-?\d+(\.\d+)?\b", "?", sql)


def unlike(asker: Asker, method: str, there: str, nowhere: str, body: Any) -> list[str]:
    """What the first and the second question about it ask more, or less, than about nothing."""
    nothing_there = statements(asker, method, nowhere, body)
    first, second = (statements(asker, method, there, body) for _ in range(2))
    recorded = first[len(nothing_there) :]
    same = first[: len(nothing_there)] == nothing_there and second == nothing_there
    if same and all(RECORD.search(sql) for sql in recorded):
        return []
    return [there, *(sql[:300] for sql in (*nothing_there, "--", *first, "--", *second))]


@pytest.mark.parametrize("name", ["charlie", "alice", "bob's key"])
def test_an_operation_of_rest(hidden: Hidden, ask: Ask, name: str) -> None:
    asker, different, tried = ask(name), [], 0
    for op, uid in in_paths(asker, hidden, EVERYBODY.index(name)):
        if op.method in ("get", "post"):
            tried += 1
            there, nowhere = filled(op, uid), filled(op, nothing(uid))
            different += unlike(asker, op.method, there, nowhere, op.sent())
    assert different == []
    assert tried > 15


def test_a_page(hidden: Hidden, ask: Ask) -> None:
    asker, different, tried = ask("bob"), [], 0
    for there, nowhere, _ in details(hidden, 0):
        tried += 1
        different += unlike(asker, "get", there, nowhere, None)
    assert different == []
    assert tried > 40


def test_an_evaluation(hidden: Hidden, ask: Ask) -> None:
    asker, paths = ask("scoring"), addresses()
    for rows in hidden.places.values():
        for row in list(rows.values())[:1]:
            first, second = (bodies(asker, row.kind, w) for w in (str(row.uid), nothing(row.uid)))
            for route in ("authzen_evaluation", "authzen_actions", "authzen_requests"):
                asker.send("post", paths[route], first[route])  # recorded: either is
                asker.send("post", paths[route], second[route])
                there, nowhere = (
                    statements(asker, "post", paths[route], asked[route])
                    for asked in (first, second)
                )
                assert there == nowhere
