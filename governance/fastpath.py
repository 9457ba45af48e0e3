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
from random import getrandbits
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import orjson
from django.db import DatabaseError

from accounts.decision import WORDS
from accounts.models.resources import address_of
from accounts.models.vocabulary import as_uuid
from accounts.permissions import Permission
from accounts.point import point
from accounts.point.asking import Asker, Asking
from accounts.point.entries import Key, Name, Place, Subject
from accounts.point.point import Answer, Point
from accounts.purposes import Purpose
from audit.doors.rest import refuse_constant, unique_names
from gateway.hints import REQUESTABLE, offer
from gateway.written import Written, written
from governance.envelope import headers, is_ours

ADDRESS = "/access/v1/evaluation"
MAX_BODY = 10_000  # bytes; a plain question has some hundred
SUBJECTS = {"user": "human", "service": "service"}
PERMISSIONS, PURPOSES = frozenset(Permission.values), frozenset(Purpose.values)
RESOURCES = frozenset({"project", "dataset", "model", "version"})
PLAIN = ({"subject", "action", "resource"}, {"subject", "action", "resource", "context"})
# Subject, permission, resource, purpose.
Question = tuple[tuple[str, str], str, tuple[str, str], str]
TEXT = r'"([ !#-\[\]-~]{1,199})"'
ENTITY = [r"\{", r'"type"', ":", TEXT, ",", r'"id"', ":", TEXT, r"\}"]
NAME = [r"\{", r'"name"', ":", TEXT, r"\}"]
USUAL = re.compile(
    r"[ \t\n\r]*".join(
        [
            *(r"\{", r'"subject"', ":", *ENTITY, ","),
            *(r'"action"', ":", *NAME, ","),
            *(r'"resource"', ":", *ENTITY, r"\}", ""),
        ]
    )
)
Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Asked(NamedTuple):
    """One question, with what is remembered of those it is about."""

    asker: Asker
    subject: Subject
    key: Key | None  # asked about itself, its key counts too
    permission: str
    kind: str
    name: Name
    place: Place
    purpose: str
    at: int  # microseconds of the epoch


class Recorder(Protocol):
    """Notes an answer and says so; what it does not take is asked and recorded the long way."""

    def __call__(
        self, asked: Asked, answer: Answer, evaluation: UUID, environ: Mapping[str, Any]
    ) -> bool: ...


def takes_nothing(
    asked: Asked, answer: Answer, evaluation: UUID, environ: Mapping[str, Any]
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
        asker = self.asking.who(point, environ.get("HTTP_AUTHORIZATION", ""), at)
        if asker is None:
            return None
        text = body.decode()
        question = at_a_glance(text) or plain(self.decoder.decode(text))
        asked = named(point, asker, *question, at) if question is not None else None
        if asked is None or not sees(point, asked):
            return None
        rules = written(point)
        if (asked.kind, asked.permission) in rules.exceptions:
            return None
        answer = judged(point, asked, asked.permission, asked.purpose)
        told = said(point, rules, asked, answer) if answer is not None else None
        if answer is None or told is None:
            return None
        noted = self.recorder(asked, answer, told["context"]["evaluation_id"], environ)
        return orjson.dumps(told) if noted else None


def named(
    point: Point, asker: Asker, subject: tuple[str, str], permission: str,
    resource: tuple[str, str], purpose: str, at: int,
) -> Asked | None:  # fmt: skip
    """By a user name only: a uuid as one is looked up the long way."""
    kind, name = subject
    who, about = point.goes_by(name, at)
    if about is None or who.kind != SUBJECTS[kind] or uid_of(name):
        return None
    kind, address = resource
    if (uid := uid_of(address)) and str(uid) != address:  # an odd spelling of it, not a path
        return None
    node, place = point.stands_at(address, at)
    if place is None or node.kind != kind:
        return None
    key = asker.key if about.id == asker.subject.id else None
    return Asked(asker, about, key, permission, kind, node, place, purpose, at)


def uid_of(text: str) -> UUID | None:
    return as_uuid(text) if len(text) > 31 else None


def judged(point: Point, asked: Asked, permission: str, purpose: str = "") -> Answer | None:
    return point.judge(asked.subject, permission, asked.place, purpose, asked.key, asked.at)


def sees(point: Point, asked: Asked) -> bool:
    """Who asks about others reviews the resource; about itself, it may know that it exists."""
    asker = asked.asker
    if asked.key is None and asked.at < asker.oversees and asked.place.chain:
        return True
    permission = "discover" if asked.key else "review"
    may = point.judge(asker.subject, permission, asked.place, "", asker.key, asked.at)
    return may is not None and may[0] == "allowed"


def at_a_glance(body: str) -> Question | None:
    """The usual form, by an expression: no escapes, the names in their usual order."""
    found = USUAL.fullmatch(body)
    if found is None:
        return None
    kind, who, name, what, where = found.groups()
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


def said(point: Point, rules: Written, asked: Asked, answer: Answer) -> dict[str, Any] | None:
    """As the view says it; nothing, when that needs the database."""
    reason, grant, role, purpose = answer
    context: dict[str, Any] = {"reason": reason, "evaluation_id": new_id()}
    if grant is not None:
        context |= {"grant": grant, "role": role}
        if purpose:
            context["purpose"] = purpose
        return {"decision": True, "context": context}
    context["reason_user"] = {"403": f"{WORDS[reason]} ({asked.permission})"}
    if reason in REQUESTABLE:
        finds = judged(point, asked, "discover")
        if finds is None:
            return None
        if finds[0] == "allowed" and (roles := rules.on_offer(asked.permission)):
            context["access_request"] = hint(asked, roles)
    return {"decision": False, "context": context}


def new_id() -> UUID:
    """No secret, only new: asking the system for each would let the other threads in between."""
    return UUID(int=getrandbits(128), version=4)


def hint(asked: Asked, roles: list[str]) -> dict[str, Any]:
    name, subject = asked.name, asked.subject
    assert name.uid is not None
    address = address_of(name.path, name.kind)
    return offer(subject.id, asked.permission, name.uid, address, roles)
