"""Every operation of REST out of its schema: what it names in its path, its query, its body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from django.utils import timezone

from governance import generated
from tests.leaks.world import CANARY, NONSENSE

METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
# What a field of a body names; `values` holds all others, so that a new one has to be placed.
NAMES = {
    "resource": "places", "within": "places", "parent": "versions", "project": "projects",
    "user": "users", "owner": "users", "person": "users", "subject": "users", "group": "groups",
}  # fmt: skip
NAMES_HERE = {("HoldInRequest", "path"): "places"}
VALUES = set(
    re.findall(
        r"\w+",
        """
    action address agreement at card categories chosen classification client_id client_secret
    comment days description effect email evidence expires_at first_version format framework
    grant_type hipaa_form host justification kind last_version lawful_basis licence methods
    must_name must_operator must_source must_value name new_versions notes path pattern permission
    permissions permitted_purposes plan prohibited_purposes purpose q reason relation requestable
    required_agreements resource_type retention role scope scopes sha256 shared size slug source
    special_basis starts_at state tags task text title uri username value when_name when_operator
    when_source when_value""",
    )
)
MORE = {"GrantInRequest": {"user": "bob"}, "FactInRequest": {"person": "bob"}}
REAL: dict[str, Any] = {
    "role": "reader", "agreement": "dua", "resource": "oncology/ct-scans", "user": "bob",
    "owner": "bob", "person": "bob", "project": "oncology", "parent": "oncology/ct-scans@v1",
    "slug": "another", "sha256": "0" * 64, "email": "x@example.org", "kind": "p",
    "uri": "https://example.org/x", "state": "retired", "address": "oncology/{name}",
    "pattern": "/v1/{name}", "must_value": "x", "value": "x", "plan": "0" * 64,
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    schema: str = ""
    body: dict[str, Any] = field(default_factory=dict, hash=False)
    parameters: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def noun(self) -> str:
        """`/api/v1/trail/holds/{id}/lift`: holds. Empty where the path names nothing."""
        found = re.search(r"([\w-]+)/{(?:uid|id)}", self.path)
        return found[1] if found else ""

    def sent(self) -> Any:
        return b"x" if self.method == "put" else self.body

    def names(self) -> Iterator[tuple[str, str]]:
        for name in properties(self.schema):
            kind = NAMES_HERE.get((self.schema, name)) or NAMES.get(name)
            if kind:
                yield name, kind


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(generated.schema())
    return found


def properties(schema: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"].get(schema, {})
    return found.get("properties", {})  # type: ignore[no-any-return]


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        operation(method, path, one)
        for path, methods in document()["paths"].items()
        for method, one in methods.items()
        if method in METHODS
    )


def operation(method: str, path: str, described: dict[str, Any]) -> Operation:
    content = described.get("requestBody", {}).get("content", {})
    schema = content.get(JSON, {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    parameters = tuple(p["name"] for p in described.get("parameters", []) if p["in"] == "query")
    return Operation(method, path, schema, body_of(schema), parameters)


def body_of(schema: str) -> dict[str, Any]:
    """One that could be carried out, by somebody who may: so that only the name is wrong."""
    described = document()["components"]["schemas"].get(schema, {})
    required = described.get("required", [])
    found = {name: one(name, properties(schema)[name]) for name in required}
    return found | MORE.get(schema, {})


def one(name: str, described: dict[str, Any]) -> Any:
    known = REAL.get(name)
    enum = described.get("enum")
    if known is not None and (not enum or known in enum):
        return known
    if enum:
        return enum[0]
    if described.get("format") == "date-time":
        return (timezone.now() + timedelta(hours=1)).isoformat()
    plain = {"integer": 1, "boolean": True, "array": [one("", described.get("items", {}))]
             if described.get("type") == "array" else None}  # fmt: skip
    return plain.get(str(described.get("type")), "x")


def unplaced() -> set[str]:
    """Fields of bodies of which nobody said whether they name something."""
    used = {name for op in operations() for name in properties(op.schema)}
    return used - VALUES - set(NAMES)


def nothing(name: Any) -> Any:
    """As long, of the same kind, and nobody has it."""
    if isinstance(name, int):
        return 987654
    text = str(name)
    if re.fullmatch(r"[0-9a-f-]{36}", text):
        return str(uuid4())
    return text.replace(CANARY, NONSENSE)
