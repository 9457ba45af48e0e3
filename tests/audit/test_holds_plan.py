"""What a hold covers is found by index, however long the trail is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection

from audit.actions import keeping
from registry.actions import assets, projects
from tests.acting import rows
from tests.conftest import superuser

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = 20_000
ELSEWHERE = """insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, object_pk, object_repr, action, resource_id, resource_path, decision, purpose,
  door, agent, message, data) select kind, event_class, uuidv7(), verb, outcome, actor_id,
  actor_repr, on_behalf_of, key, object_pk, '', action, 100000 + n %% 500,
  '/elsewhere/' || n %% 500 || '/', decision, purpose, door, agent, '', '{}'
  from (select * from audit_event where kind = 'act' order by id limit 1) one,
       generate_series(1, %s) n"""


def plan() -> str:
    """Of the query inside the function, with each open hold's path."""
    [body] = rows("select prosrc from pg_proc where proname = 'audit_holds'")
    query = re.search(r"return query (.*);\s*end", body, re.DOTALL)
    assert query
    return "\n".join(rows("explain (analyze, costs off) " + query[1].replace("%", "%%")))


@pytest.fixture
def long(cast):
    with superuser(str(connection.settings_dict["NAME"])) as server:
        server.execute(ELSEWHERE, [EVENTS])
        server.execute("vacuum analyze audit_event")
    return cast


def test_a_hold_reads_what_may_be_its_own(long: Any):
    cardio = projects.register(slug="cardio", owner=long.alice, by=long.erin)
    assets.move(long.scans, cardio, by=long.alice)
    for path in ("/oncology/ct-scans/", "/cardio/", "/elsewhere/7/"):
        keeping.place_hold(path, "inquiry 9", by=long.petra)
    told = plan()
    month = rows("select 'audit_event_' || to_char(now(), 'YYYY_MM')")[0]
    assert f"{month}_words_idx" in told
    assert f"Seq Scan on {month}" not in told
    held = {path: set(ids) for path, ids in rows("select path, resources from audit_holds()")}
    assert held["/elsewhere/7/"] == {100_007}
    assert long.scans.pk in held["/oncology/ct-scans/"] & held["/cardio/"]
