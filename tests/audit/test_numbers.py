"""What a double cannot hold is sealed with all its digits, and stops neither seal nor proof."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from audit.models import Event
from audit.seal import canon, keys, proofs, rounds
from tests.acting import rows
from tests.audit.sealing import as_superuser, seal_all, told
from tests.audit.test_proofs import PROGRAM

FORGED = """insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, content_type_id, object_pk, object_repr, action, resource_path, decision,
  purpose, door, agent, message, data) select kind, event_class, uuidv7(), verb, outcome, actor_id,
  actor_repr, '', '', %s, '', 'forged', 3, resource_path, %s, '', 'cli', '', '', %s
  from audit_event where kind = 'act' and outcome = 'ok' limit 1 returning uid"""
WHOLE = "9" * 5000  # more than Python reads as an integer
DEEP = "[" * 900 + "]" * 900
ODD = [WHOLE, f"-{WHOLE}", f"0.{WHOLE}", "9007199254740992", "123456789012345678901", "0.1", DEEP]


def forge(data: str, decision: str = '[{"path": "/"}]', kind: int | None = None) -> str:
    return str(rows(FORGED, kind, decision, data)[0])


def proved(uid: str) -> dict[str, Any]:
    """By the program that stands alone."""
    program: dict[str, Any] = {"__name__": "program"}
    exec(PROGRAM.read_text(), program)
    found: dict[str, Any] = json.loads(json.dumps(proofs.prove(UUID(uid))))
    assert program["check"](found, keys.trusted_file().read_text()).startswith(f"Event {uid} is")
    return found


@pytest.mark.parametrize("text", ODD)
def test_no_event_stops_the_sealer(cast, text):
    """Wherever it stands, and also as the whole value."""
    seal_all()
    for data in (text, f'{{"value": {text}}}', f'[1, "{{", {text}]'):
        forge(data, data)
    assert rounds.once() == 3
    assert told() == ""
    for event in Event.objects.filter(object_repr="forged").values_list("uid", flat=True):
        assert text in json.dumps(proved(str(event)))


def test_a_type_of_object_that_is_none_stops_nobody(cast):
    seal_all()
    proof = forge("{}", kind=2**31 - 1)
    assert rounds.once() == 1
    assert told() == ""
    assert proved(proof)["event"]["type"] == ""


PAIRS = [
    ("123456789012345678901", "123456789012345678902"),
    ("0.1", "0.100000000000000000001"),
    ("1e400", "1e401"),
    ("1.5", "1.50"),
]


@pytest.mark.parametrize("column", ["data", "decision"])
@pytest.mark.parametrize(("before", "after"), PAIRS)
@pytest.mark.django_db(transaction=True)
def test_a_number_is_not_edited_unseen(cast, column, before, after):
    uid = forge(f'{{"value": {before}}}', f'[{{"path": "/", "value": {before}}}]')
    seal_all()
    assert told() == ""
    with as_superuser() as server:
        server.execute(
            f"update audit_event set {column} = replace({column}::text, %s, %s)::jsonb"
            " where uid = %s",
            [plain(before), plain(after), uid],
        )
    assert "was changed after it was sealed" in told(anchored=False)
    assert told(anchored=False).startswith(f"event {uid} ")


def plain(number: str) -> str:
    """As a jsonb says it."""
    found: str = rows("select %s::jsonb::text", number)[0]
    return found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9007199254740991", 9007199254740991),
        ("-9007199254740992", "-9007199254740992"),
        ('{"a": [1, 2.0, "3.0 [4.0"]}', {"a": [1, "2.0", "3.0 [4.0"]}),
        ('"\\u00e9 1.5"', "é 1.5"),
        ("{}", {}),
    ],
)
def test_a_value_is_kept_as_it_stands(text, said):
    assert canon.value(text) == said
    assert canon.dumps(canon.value(text))
