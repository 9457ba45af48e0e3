"""What was erased lawfully stays explained when its records, plan or act leave with their month."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts.actions import people
from audit.actions import erasures
from audit.models import Event
from audit.seal import rounds
from audit.seal.erased import UNSAID
from tests.acting import rows
from tests.audit.sealing import as_superuser, check, told
from tests.audit.test_retention import MONTH, OLD, make_month, retire
from tests.conftest import superuser

pytestmark = pytest.mark.django_db(transaction=True)

LEAVER = """insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, content_type_id, object_pk, object_repr, action, resource_path, decision,
  purpose, door, agent, message, data, "timestamp", xact)
  select kind, event_class, act, verb, outcome, actor_id, actor_repr, on_behalf_of, key,
  content_type_id, object_pk, object_repr, action, resource_path, decision, purpose, door, agent,
  message, data, %s, xact from audit_event where verb = %s and kind = 'act'"""


@pytest.fixture
def frida(cast):
    """Three events of May 2019 are hers; the trail begins then and is sealed in one go."""
    frida = people.invite(username="frida", email="frida@example.org", by=cast.erin)
    people.deactivate(frida, by=cast.erin)
    frida.refresh_from_db()
    make_month("2019-05-01", "2019-06-01")
    with superuser(str(connection.settings_dict["NAME"])) as server:
        server.execute(OLD)
        hers = "update audit_event set actor_id = %s where message = 'long ago' and id % 13 = 0"
        server.execute("alter table audit_event_2019_05 disable trigger all")
        server.execute("alter table audit_event disable trigger all")
        server.execute(hers.replace("% 13", "%% 13"), [frida.pk])
        server.execute("alter table audit_event enable trigger all")
    rounds.once()
    return frida


@pytest.fixture
def blanked(cast, frida):
    """Some of May 2019 and of now was redacted; plan and act are dated back to then."""

    def age(*verbs: str) -> None:
        asked = erasures.ask_erasure(frida, "Art. 17", by=cast.erin)
        rounds.once()
        erasures.plan_erasure(asked, [], by=cast.erin)
        rounds.once()
        erasures.redact(asked, asked.plan["digest"], by=cast.petra)
        rounds.once()
        assert told(anchored=False) == ""
        gone = "select count(*) from audit_leaf where who_gone is not null and at {} '2020-01-01'"
        assert rows(gone.format("<"))[0] >= 3
        with as_superuser() as server:
            for number, verb in enumerate(verbs):
                move(server, verb, f"2019-05-{20 + number}")

    return age


def move(server: Any, verb: str, day: str) -> None:
    """An event of now becomes one of then, and its leaf with it; the hashes are another matter."""
    server.execute(LEAVER, [day, verb])
    server.execute(
        """update audit_leaf l set at = n."timestamp", event_id = n.id, uid = n.uid
             from audit_event o, audit_event n where o.verb = %s and o.kind = 'act'
              and n.verb = o.verb and n.act = o.act and n."timestamp" < o."timestamp"
              and (l.event_id, l.at) = (o.id, o."timestamp")""",
        [verb],
    )
    server.execute(
        "delete from audit_event where verb = %s and kind = 'act' and \"timestamp\" > '2020-01-01'",
        [verb],
    )


def unexplained() -> list[str]:
    return [str(one) for one in check(anchored=False).problems if UNSAID in str(one)]


@pytest.mark.parametrize(
    "left",
    [[], ["trail.plan_erasure"], ["trail.plan_erasure", "trail.redact"]],
    ids=["what was blanked", "its plan", "its plan and act"],
)
def test_a_lawful_blank_stays_explained_when_its_reason_leaves(cast, blanked, left):
    blanked(*left)
    assert unexplained() == []
    retire(cast.erin)
    assert unexplained() == []
    assert Event.objects.filter(verb__in=left, kind="act").count() == 0


@pytest.mark.parametrize("month", ["that left", "of now"])
def test_an_unlawful_blank_is_named_although_a_month_left(cast, blanked, month):
    blanked("trail.plan_erasure", "trail.redact")
    retire(cast.erin)
    sign = "<" if month == "that left" else ">"
    with as_superuser() as server:
        server.execute(
            f"""update audit_leaf set who_salt = null, who_gone = (
                  select who_gone from audit_leaf where who_gone is not null limit 1)
                 where seq = (select min(seq) from audit_leaf
                               where who_gone is null and at {sign} '2020-01-01')"""
        )
    assert len(unexplained()) == 1


def test_a_blank_by_an_act_that_no_record_names_is_named(cast, blanked):
    blanked()
    retire(cast.erin)
    with as_superuser() as server:
        server.execute("update audit_leaf set what_salt = null, what_gone = uuidv7() where seq = 9")
        server.execute("alter table audit_retirement disable trigger all")
        server.execute("update audit_retirement set erasures = erasures || 'x y' || chr(10)")
    found = [str(one) for one in check(anchored=False).problems]
    assert any(UNSAID in one for one in found)
    assert f"the retirement of {MONTH}: it was changed after it was signed" in found
