"""AuthZEN's JSON: what a body must hold, read strictly; what else it holds is ignored."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from audit.doors.rest import MAX_DEPTH, depth, refuse_constant, unique_names

MAX_BODY = 1024**2  # bytes
MAX_BATCH = 1000  # questions in one request
SURROGATE = re.compile("[\ud800-\udfff]")  # half of a pair
SEMANTICS = ("execute_all", "deny_on_first_deny", "permit_on_first_permit")


class Malformed(ValueError):
    """The question cannot be read: 400, or another status of this kind."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def load(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BODY:
        raise Malformed(f"At most {MAX_BODY} bytes: send fewer questions at once.", 413)
    try:
        body = json.loads(
            raw.decode("utf-8"), parse_constant=refuse_constant, object_pairs_hook=unique_names
        )
    except RecursionError:
        raise Malformed(f"Nested deeper than {MAX_DEPTH} levels.") from None
    except ValueError as error:
        raise Malformed(f"This is not JSON: {error}") from None
    if depth(body) > MAX_DEPTH:
        raise Malformed(f"Nested deeper than {MAX_DEPTH} levels.")
    if not isinstance(body, dict):
        raise Malformed("Send one JSON object.")
    return body


@dataclass(frozen=True)
class Entity:
    """A subject or resource of the question; without id when it is what is looked for."""

    type: str
    id: str = ""
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One evaluation, as it was asked."""

    subject: Entity
    action: str
    resource: Entity
    action_properties: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


def question(body: dict[str, Any], looked_for: str = "") -> Question:
    """`looked_for`: what a search leaves out."""
    action = {"name": ""} if looked_for == "action" else mapping(body, "action")
    return Question(
        subject=entity(body, "subject", with_id=looked_for != "subject"),
        action="" if looked_for == "action" else text(action, "action", "name"),
        resource=entity(body, "resource", with_id=looked_for != "resource"),
        action_properties=optional(action, "properties"),
        context=optional(body, "context"),
    )


def entity(body: dict[str, Any], name: str, *, with_id: bool) -> Entity:
    found = mapping(body, name)
    return Entity(
        text(found, name, "type"),
        text(found, name, "id") if with_id else "",
        optional(found, "properties"),
    )


def require_storable(body: Any) -> None:
    """Of what is to be kept: JSON can name characters that no database holds."""
    written = json.dumps(body, ensure_ascii=False).replace("\\\\", "")
    if "\\u0000" in written or SURROGATE.search(written):
        raise Malformed("Send text without NUL and without halves of surrogate pairs.")


def mapping(body: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in body:
        raise Malformed(f"{name} is required.")
    found = body[name]
    if not isinstance(found, dict):
        raise Malformed(f"{name} is an object.")
    return found


def text(found: dict[str, Any], name: str, part: str) -> str:
    value = found.get(part)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{name}.{part} is required, as a string.")
    return value


def optional(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{name} is an object.")
    return value


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The questions of a batch, each with the defaults it does not override; whole objects."""
    asked = body.get("evaluations")
    if asked is None:
        return []
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise Malformed("evaluations is an array of objects.")
    if len(asked) > MAX_BATCH:
        raise Malformed(f"At most {MAX_BATCH} evaluations in one request: send several.")
    names = ("subject", "action", "resource", "context")
    defaults = {name: body[name] for name in names if name in body}
    for name in defaults:
        mapping(defaults, name)
    return [defaults | one for one in asked]


def semantic(body: dict[str, Any]) -> str:
    chosen = optional(body, "options").get("evaluations_semantic", SEMANTICS[0])
    if chosen not in SEMANTICS:
        raise Malformed(f"options.evaluations_semantic is one of {', '.join(SEMANTICS)}.")
    return str(chosen)


def findable(name: str) -> bool:
    """Could a database hold this text at all?"""
    try:
        name.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return "\x00" not in name and len(name) <= 500
