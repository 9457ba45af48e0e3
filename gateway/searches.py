"""AuthZEN 1.0 searches: who, what and which action; each result asked of the decision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.core import signing

from accounts.decision import decide
from accounts.models import ApiKey, Resource, User
from accounts.purposes import Purpose
from gateway import lookup, queries, wire
from gateway.authzen import Asker, broken_condition
from gateway.models import Alias
from gateway.wire import Malformed, Question

SALT = "gateway.page"
LIFE = 3600  # seconds in which a page token leads on
USUAL, MOST = 50, 500

Found = tuple[str | int, dict[str, str]]  # where the next page starts, and the result


class Page:
    """Which part of the results is wanted: a limit, and a token bound to its question."""

    def __init__(self, body: dict[str, Any], credential: ApiKey) -> None:
        page = wire.optional(body, "page")
        token, limit = page.get("token", ""), page.get("limit")
        if limit is not None and (type(limit) is not int or not 1 <= limit <= MOST):
            raise Malformed(f"page.limit is a whole number from 1 to {MOST}.")
        if not isinstance(token, str):
            raise Malformed("page.token is a string.")
        rest = {name: value for name, value in body.items() if name != "page"}
        text = json.dumps([rest, str(credential.pk)], sort_keys=True)
        self.question = hashlib.sha256(text.encode()).hexdigest()
        self.limit, self.after = limit or USUAL, None
        if token:
            self.limit, self.after = self.read(token, limit)

    def read(self, token: str, limit: int | None) -> tuple[int, Any]:
        try:
            question, size, after = signing.loads(token, salt=SALT, max_age=LIFE)
        except (signing.BadSignature, ValueError):
            raise Malformed("page.token is unknown or too old: start again without it.") from None
        if question != self.question or limit not in (None, size):
            raise Malformed("page.token belongs to another question: change only the token.")
        return size, after

    def of(self, found: Iterator[Found]) -> dict[str, Any]:
        rows = []
        for row in found:
            rows.append(row)
            if len(rows) > self.limit:
                break
        more, rows = len(rows) > self.limit, rows[: self.limit]
        token = [self.question, self.limit, rows[-1][0]] if more else None
        next_token = signing.dumps(token, salt=SALT) if token else ""
        return {
            "page": {"next_token": next_token, "count": len(rows)},
            "results": [result for _, result in rows],
        }


def subjects(credential: ApiKey, body: dict[str, Any]) -> dict[str, Any]:
    asked, asker = wire.question(body, "subject"), Asker.of(credential)
    asker.require_others()
    page = Page(body, credential)
    means = queries.meaning(asked.resource.type, asked.action)
    resource = means and queries.resource(means, asked.resource.id)
    kind = lookup.SUBJECT_KINDS.get(asked.subject.type)
    if not means or not resource or not kind or not asker.reviews(resource):
        return page.of(iter(()))
    return page.of(who(asker, asked, means, resource, kind, page.after or ""))


def who(
    asker: Asker, asked: Question, means: Alias, resource: Resource, kind: str, after: str
) -> Iterator[Found]:
    while people := queries.who_can(resource, means.permission, after, 100):
        for user in people:
            if user.kind == kind and holds(asker, asked, means, user, resource):
                yield user.username, {"type": asked.subject.type, "id": user.username}
        after = people[-1].username


def resources(credential: ApiKey, body: dict[str, Any]) -> dict[str, Any]:
    asked, asker = wire.question(body, "resource"), Asker.of(credential)
    subject = chosen(asker, asked)
    page = Page(body, credential)
    means = queries.meaning(asked.resource.type, asked.action)
    if subject is None or means is None:
        return page.of(iter(()))
    return page.of(what(asker, asked, means, subject, page.after or 0))


def what(asker: Asker, asked: Question, means: Alias, subject: User, after: int) -> Iterator[Found]:
    while rows := queries.what_can(subject, means.permission, means.kind, after, 100):
        for row in rows:
            name = queries.foreign_id(means, row)
            seen = name and asker.sees(subject, row)
            if seen and holds(asker, asked, means, subject, row):
                yield row.pk, {"type": asked.resource.type, "id": name}
        after = rows[-1].pk


def actions(credential: ApiKey, body: dict[str, Any]) -> dict[str, Any]:
    asked, asker = wire.question(body, "action"), Asker.of(credential)
    subject = chosen(asker, asked)
    page = Page(body, credential)
    if subject is None:
        return page.of(iter(()))
    names = sorted(queries.meanings(asked.resource.type), key=lambda means: means.action)
    later = (one for one in names if one.action > (page.after or ""))
    return page.of(
        (one.action, {"name": one.action}) for one in later if may(asker, asked, one, subject)
    )


def may(asker: Asker, asked: Question, means: Alias, subject: User) -> bool:
    resource = queries.resource(means, asked.resource.id)
    if resource is None or not asker.sees(subject, resource):
        return False
    asks = Question(asked.subject, means.action, asked.resource, {}, asked.context)
    if not decide(subject, means.permission, resource).allowed:
        return False
    return holds(asker, asks, means, subject, resource)


def holds(asker: Asker, asked: Question, means: Alias, subject: User, resource: Resource) -> bool:
    """What the lists do not look at: the purpose that was stated, and conditions."""
    stated = asked.context.get("purpose", "")
    if stated not in ("", *Purpose.values):
        return False
    if stated and not decide(subject, means.permission, resource, purpose=stated).allowed:
        return False
    return not broken_condition(asker, asked, subject, resource)


def chosen(asker: Asker, asked: Question) -> User | None:
    if not asker.is_self(asked.subject):
        asker.require_others()
    return asker.subject(asked.subject)


SEARCHES: dict[str, Callable[[ApiKey, dict[str, Any]], dict[str, Any]]] = {
    "subject": subjects,
    "resource": resources,
    "action": actions,
}
