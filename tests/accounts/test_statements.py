"""What is asked often is planned once a connection; what Django asks is not kept there."""

from __future__ import annotations

from accounts.decision import decide
from accounts.models import User
from accounts.queries import what_can, who_can
from accounts.statements import rows

KEPT = "select statement from pg_prepared_statements"


def test_the_decision_and_its_lists_are_prepared(cast):
    for _ in range(2):
        decide(cast.bob, "read", cast.oncology)
        what_can(cast.bob, "read")
        who_can(cast.oncology, "read")
    kept = [statement for (statement,) in rows(KEPT)]
    for name in ("accounts_decide", "accounts_what_can", "accounts_who_can"):
        assert sum(name in statement for statement in kept) == 1, kept


def test_what_django_asks_is_not(cast):
    for _ in range(12):
        assert User.objects.filter(username="bob").exists()
    kept = [statement for (statement,) in rows(KEPT)]
    assert not [statement for statement in kept if "username" in statement and "bob" in statement]


def test_rows_say_of_what_kind_their_resource_is(cast):
    kinds = rows(
        "select p.kind = r.kind from accounts_userpermission p"
        " join accounts_resource r on r.id = p.content_object_id"
    )
    assert len(kinds) > 5
    assert all(same for (same,) in kinds)
