"""The plain evaluation (AuthZEN 1.0), answered out of memory before Django's handler.

It answers what it is sure to answer as the view would; everything else goes the long way: an
unknown key, a strange body, a foreign name, what the recorder does not take, a silent listener.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError
from django.http.request import split_domain_port, validate_host

from accounts.decision import WORDS
from accounts.permissions import Permission
from accounts.point import point
from accounts.point.asking import Asking
from accounts.point.point import Answer, Point
from accounts.purposes import Purpose
from audit.doors.rest import refuse_constant, unique_names
from audit.queries import as_path
from gateway.hints import REQUESTABLE

ADDRESS = "/access/v1/evaluation"
MAX_BODY = 10_000  # bytes; a plain question has some hundred
SUBJECTS = {"user": "human", "service": "service"}
PERMISSIONS, PURPOSES = frozenset(Permission.values), frozenset(Purpose.values)
RESOURCES = frozenset({"project", "dataset", "model", "version"})
PLAIN = ({"subject", "action", "resource"}, {"subject", "action", "resource", "context"})
# Subject, permission, resource, purpose.
Question = tuple[tuple[str, str], str, tuple[str, str], str]
TEXT = rb'"([ !#-\[\]-~]{1,199})"'
ENTITY = [rb"\{", rb'"type"', b":", TEXT, b",", rb'"id"', b":", TEXT, rb"\}"]
NAME = [rb"\{", rb'"name"', b":", TEXT, rb"\}"]
USUAL = re.compile(
    rb"\s*".join(
        [
            *(rb"\{", rb'"subject"', b":", *ENTITY, b","),
            *(rb'"action"', b":", *NAME, b","),
            *(rb'"resource"', b":", *ENTITY, rb"\}", b""),
        ]
    )
)
Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Asked(NamedTuple):
    """One question, by our own ids."""

    asker: UUID
    key: UUID
    kid: str
    subject: UUID
    permission: str
    kind: str
    resource: int
    restricted: bool
    purpose: str
    at: int  # microseconds of the epoch


class Recorder(Protocol):
    """Notes an answer and says so; what it does not take is asked and recorded the long way."""

    def __call__(
        self, asked: Asked, answer: Answer, evaluation: str, environ: Mapping[str, Any]
    ) -> bool: ...


def takes_nothing(
    asked: Asked, answer: Answer, evaluation: str, environ: Mapping[str, Any]
) -> bool:
    return False


class FastPath:
    def __init__(self, application: Application, recorder: Recorder = takes_nothing) -> None:
        self.application, self.recorder = application, recorder
        self.asking = Asking()
        self.decoder = json.JSONDecoder(
            object_pairs_hook=unique_names, parse_constant=refuse_constant
        )

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] == ADDRESS and self.recorder is not takes_nothing:
            body = self.body(environ)
            if body is not None and (told := self.told(environ, body)) is not None:
                start("200 OK", headers(environ, told))
                return [told]
        return self.application(environ, start)

    def body(self, environ: dict[str, Any]) -> bytes | None:
        """Whole, and put back for whoever comes after."""
        length = environ.get("CONTENT_LENGTH") or ""
        if environ["REQUEST_METHOD"] != "POST" or not length.isdecimal():
            return None
        if int(length) > MAX_BODY or not is_ours(environ):
            return None
        body: bytes = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)
        return body

    def told(self, environ: dict[str, Any], body: bytes) -> bytes | None:
        """Nothing, when in doubt. Whatever goes wrong here is told the long way."""
        remembered = point.current()
        if remembered is None:
            return None
        try:
            return self.evaluate(remembered, environ, body)
        except (ValueError, RecursionError, DatabaseError):
            # This is not JSON, or the database is gone: the view says which.
            return None

    def evaluate(self, point: Point, environ: dict[str, Any], body: bytes) -> bytes | None:
        at = time.time_ns() // 1000
        who = self.asking.who(point, environ.get("HTTP_AUTHORIZATION", ""), at)
        question = (at_a_glance(body) or plain(self.decoder.decode(body.decode()))) if who else None
        if who is None or question is None:
            return None
        asked = self.named(point, who, *question, at)
        if asked is None or not sees(point, asked):
            return None
        key = asked.key if asked.subject == asked.asker else None
        answer = point.answer(asked.subject, asked.permission, asked.resource, asked.purpose, key)
        if answer is None or may_ask(point, asked, answer[0]):
            return None
        evaluation = str(uuid4())
        noted = self.recorder(asked, answer, evaluation, environ)
        return said(asked, answer, evaluation) if noted else None

    def named(
        self, point: Point, who: tuple[UUID, UUID, str], subject: tuple[str, str], permission: str,
        resource: tuple[str, str], purpose: str, at: int,
    ) -> Asked | None:  # fmt: skip
        uid = point_to_subject(point, *subject, at)
        kind, address = resource
        node = point.address(address if is_uid(address) else as_path(address), at)
        if uid is None or node.kind != kind or not isinstance(node.id, int):
            return None
        restricted = point.place(node.id, at).restricted
        return Asked(*who, uid, permission, kind, node.id, restricted, purpose, at)


def at_a_glance(body: bytes) -> Question | None:
    """The usual form, by an expression: no escapes, the names in their usual order."""
    found = USUAL.fullmatch(body)
    if found is None:
        return None
    kind, who, name, what, where = (part.decode() for part in found.groups())
    if kind not in SUBJECTS or what not in RESOURCES or name not in PERMISSIONS:
        return None
    return (kind, who), name, (what, where), ""


def plain(body: Any) -> Question | None:
    """The subject, the permission, the resource and the purpose of a question with nothing else."""
    if not isinstance(body, dict) or body.keys() not in PLAIN:
        return None
    subject, action, resource = body["subject"], body["action"], body["resource"]
    purpose = purpose_of(body.get("context"))
    if not (is_entity(subject) and is_entity(resource) and purpose is not None):
        return None
    if not isinstance(action, dict) or action.keys() != {"name"}:
        return None
    name = action["name"]
    if not isinstance(name, str) or name not in PERMISSIONS:
        return None
    if subject["type"] not in SUBJECTS or resource["type"] not in RESOURCES:
        return None
    ids = (subject["type"], subject["id"]), (resource["type"], resource["id"])
    return ids[0], name, ids[1], purpose


def is_entity(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and found.keys() == {"type", "id"}
        and all(isinstance(text, str) and 0 < len(text) < 200 for text in found.values())
    )


def purpose_of(context: Any) -> str | None:
    if context is None or context == {}:
        return ""
    if not isinstance(context, dict) or context.keys() != {"purpose"}:
        return None
    stated = context["purpose"]
    return stated if isinstance(stated, str) and stated in PURPOSES else None


def point_to_subject(point: Point, kind: str, name: str, at: int) -> UUID | None:
    """By user name only: a uuid as a name is looked up the long way."""
    if is_uid(name):
        return None
    found = point.username(name, at)
    return found.id if isinstance(found.id, UUID) and found.kind == SUBJECTS[kind] else None


def is_uid(text: str) -> bool:
    return len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-"


def sees(point: Point, asked: Asked) -> bool:
    """Who asks about others reviews the resource; about itself, it may know that it exists."""
    permission = "discover" if asked.subject == asked.asker else "review"
    may = point.answer(asked.asker, permission, asked.resource, "", asked.key)
    return may is not None and may[0] == "allowed"


def may_ask(point: Point, asked: Asked, reason: str) -> bool:
    """A denial that a request could mend is told with where to ask: the long way knows."""
    if reason not in REQUESTABLE:
        return False
    found = point.answer(asked.subject, "discover", asked.resource, "", None)
    return found is None or found[0] == "allowed"


def said(asked: Asked, answer: Answer, evaluation: str) -> bytes:
    reason, grant, role, purpose = answer
    context: dict[str, Any] = {"reason": reason, "evaluation_id": evaluation}
    if grant is None:
        context["reason_user"] = {"403": f"{WORDS[reason]} ({asked.permission})"}
        return json.dumps({"decision": False, "context": context}).encode()
    context |= {"grant": str(grant), "role": role}
    if purpose:
        context["purpose"] = purpose
    return json.dumps({"decision": True, "context": context}).encode()


def is_ours(environ: dict[str, Any]) -> bool:
    """What Django's middleware would let pass: our host, over https, nothing in the address."""
    if environ.get("QUERY_STRING") or environ.get("CONTENT_TYPE") != "application/json":
        return False
    if settings.HTTPS and environ.get("HTTP_X_FORWARDED_PROTO") != "https":
        return False
    return is_host(environ.get("HTTP_HOST", ""))


@lru_cache(64)
def is_host(name: str) -> bool:
    domain, _ = split_domain_port(name)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def headers(environ: dict[str, Any], told: bytes) -> list[tuple[str, str]]:
    found = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(told))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    asked = environ.get("HTTP_X_REQUEST_ID", "")
    if asked and len(asked) <= 200 and asked.isascii() and asked.isprintable():
        found.append(("X-Request-ID", asked))
    return found
