"""AuthZEN 1.0 evaluations, pure: a credential and a body in, an answer out (and recorded)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied

from accounts.decision import Decision, Refused, decide, site
from accounts.models import ApiKey, Resource, Role, User
from accounts.permissions import Permission
from accounts.point import point
from accounts.purposes import Purpose
from accounts.queries import Asked, decisions
from gateway import hints, lookup, queries, recording, rules, wire
from gateway.recording import Denied
from gateway.wire import Question

T = TypeVar("T")
VERB = "gateway.evaluate"
WORDS = {
    "subject_unknown": "There is no such subject",
    "resource_unknown": "There is no such resource",
    "action_unknown": "This action has no meaning for this type",
    "purpose_unknown": "context.purpose is none of ours",
    "condition": "A condition on the properties does not hold",
}


class NotAsker(PermissionDenied):
    """Who reviews nothing asks about nobody but itself."""

    reason = "not_asker"

    def __init__(self) -> None:
        super().__init__("Asking about others needs `review`, for the key and for whom it is of.")


@dataclass
class Asker:
    """Who wants to know, and how far it may ask about others."""

    user: User
    may: dict[int, bool] = field(default_factory=dict)
    found: dict[Any, Any] = field(default_factory=dict)
    decided: dict[int, Decision] = field(default_factory=dict)

    @classmethod
    def of(cls, credential: ApiKey) -> Asker:
        user: User = credential.owner
        user.credential = credential
        return cls(user)

    def reviews(self, resource: Resource) -> bool:
        """May it ask about others here, and do the properties that it sends count?"""
        if self.everywhere:  # no deny takes oversight away further down
            return True
        if resource.pk not in self.may:
            self.may[resource.pk] = decide(self.user, Permission.REVIEW, resource).allowed
        return self.may[resource.pk]

    @cached_property
    def everywhere(self) -> bool:
        return decide(self.user, Permission.REVIEW, site()).allowed

    @cached_property
    def somewhere(self) -> bool:
        return self.everywhere or queries.reviewed(self.user).exists()

    def require_others(self) -> None:
        if not self.somewhere:
            raise NotAsker

    def once(self, query: Callable[..., T], *names: Any) -> T:
        """What the questions of one batch have in common is looked up once."""
        if (query, names) not in self.found:
            self.found[query, names] = query(*names)
        answer: T = self.found[query, names]
        return answer

    def on_offer(self, permission: str) -> list[Role]:
        return self.once(queries.requestable, permission)

    def look_up(self, asked: list[Question]) -> None:
        """The names of a batch, each as `once` will ask for it."""
        self.know(queries.subject, lookup.subjects({(q.subject.type, q.subject.id) for q in asked}))
        means = lookup.meanings({(q.resource.type, q.action) for q in asked})
        self.know(queries.meaning, means)
        strange = {kind for (kind, _), found in means.items() if found is None}
        self.know(queries.is_type, {(k,): known for k, known in lookup.types(strange).items()})
        pairs = ((means[q.resource.type, q.action], q.resource.id) for q in asked)
        self.know(queries.resource, lookup.resources({(m, name) for m, name in pairs if m}))

    def know(self, query: Callable[..., T], found: Mapping[Any, T]) -> None:
        self.found |= {(query, names): answer for names, answer in found.items()}

    def foresee(self, asked: dict[int, Asked]) -> None:
        """Where nothing is remembered, the decisions of a batch are one statement, each kept by
        its place: two that look alike may count another key."""
        if asked and point.current() is None:
            self.decided = dict(zip(asked, decisions([*asked.values()]), strict=True))

    def decides(self, asked: Asked, place: int | None) -> Decision:
        known = None if place is None else self.decided.get(place)
        return known or decide(*asked[:3], purpose=asked.purpose)

    def subject(self, asked: wire.Entity) -> User | None:
        """Whoever asks about itself, by whichever name, does so with the limits of its key."""
        user = self.user
        if (asked.type, asked.id) == (queries.subject_type(user), user.username):
            return user
        found = self.once(queries.subject, asked.type, asked.id)
        return user if found == user else found

    def is_self(self, asked: wire.Entity) -> bool:
        return self.subject(asked) is self.user

    def sees(self, subject: User, resource: Resource) -> bool:
        if subject == self.user and self.finds(resource):
            return True
        return self.reviews(resource)

    def finds(self, resource: Resource) -> bool:
        return decide(self.user, Permission.DISCOVER, resource).allowed


@dataclass
class Verdict:
    """One decision about one question; `hidden` when the asker may not know more than no."""

    allowed: bool
    reason: str
    subject: User | None = None
    resource: Resource | None = None
    decision: Decision | None = None
    message: str = ""
    hidden: bool = False
    evaluation: str = field(default_factory=lambda: str(uuid.uuid4()))


def evaluate(credential: ApiKey, body: dict[str, Any]) -> dict[str, Any]:
    """The Access Evaluation API."""
    asked = wire.question(body)
    asker = Asker.of(credential)
    if not asker.is_self(asked.subject):
        asker.require_others()
    return told(asker, asked)


def evaluations(credential: ApiKey, body: dict[str, Any]) -> dict[str, Any]:
    """The Access Evaluations API: in order; one bad question is a no, not an error."""
    semantic, bodies = wire.semantic(body), wire.items(body)
    if not bodies:
        return evaluate(credential, body)
    asker, asked = Asker.of(credential), [readable(one) for one in bodies]
    asker.look_up([one for one in asked if isinstance(one, Question)])
    asker.foresee(dict(foreseeable(asker, asked)))
    answers = []
    with recording.together():
        for place, one in enumerate(asked):
            answers.append(told_or_bad(asker, one, place))
            said = answers[-1]["decision"]
            if (semantic == "deny_on_first_deny" and not said) or (
                semantic == "permit_on_first_permit" and said
            ):
                break
    return {"evaluations": answers}


def readable(body: dict[str, Any]) -> Question | wire.Malformed:
    try:
        return wire.question(body)
    except wire.Malformed as error:
        return error


def told_or_bad(asker: Asker, asked: Question | wire.Malformed, place: int) -> dict[str, Any]:
    if isinstance(asked, wire.Malformed):
        return {
            "decision": False,
            "context": {"error": {"status": asked.status, "message": str(asked)}},
        }
    if not asker.is_self(asked.subject):
        asker.require_others()
    return told(asker, asked, place)


def told(asker: Asker, asked: Question, place: int | None = None) -> dict[str, Any]:
    found = judge(asker, asked, place)
    record(asker, asked, found)
    return answer(asker, asked, found)


def foreseeable(
    asker: Asker, asked: list[Question | wire.Malformed]
) -> Iterator[tuple[int, Asked]]:
    """The decisions that a batch will need, and where in it."""
    for place, one in enumerate(asked):
        found = named(asker, one) if isinstance(one, Question) else None
        if isinstance(found, Asked):
            yield place, found


def judge(asker: Asker, asked: Question, place: int | None) -> Verdict:
    """Names first, then whether the asker may know, then THE decision, then the conditions."""
    found = named(asker, asked)
    return weigh(asker, asked, found, place) if isinstance(found, Asked) else found


def named(asker: Asker, asked: Question) -> Verdict | Asked:
    subject = asker.subject(asked.subject)
    if subject is None:
        return Verdict(False, "subject_unknown")
    means = asker.once(queries.meaning, asked.resource.type, asked.action)
    if means is None:
        known = asker.once(queries.is_type, asked.resource.type)
        return Verdict(False, "action_unknown" if known else "resource_unknown", subject)
    # Before the name: else this would be said of what exists and is hidden, and of nothing else.
    purpose = asked.context.get("purpose", "")
    if purpose not in ("", *Purpose.values):
        return Verdict(False, "purpose_unknown", subject)
    resource = asker.once(queries.resource, means, asked.resource.id)
    if resource is None:
        return Verdict(False, "resource_unknown", subject)
    return Asked(subject, means.permission, resource, purpose)


def weigh(asker: Asker, asked: Question, named: Asked, place: int | None) -> Verdict:
    subject, resource, decision = named.subject, named.resource, asker.decides(named, place)
    if not asker.sees(subject, resource):
        return Verdict(False, "resource_unknown", subject, resource, decision, hidden=True)
    if decision.allowed and (broken := broken_condition(asker, asked, subject, resource)):
        return Verdict(False, "condition", subject, resource, decision, broken)
    return Verdict(decision.allowed, decision.reason, subject, resource, decision)


def broken_condition(
    asker: Asker, asked: Question, subject: User, resource: Resource
) -> str | None:
    conditions = asker.once(queries.conditions_of, asked.resource.type, asked.action)
    if not conditions:
        return None
    sent = asker.reviews(resource)
    properties = {
        "subject": (asked.subject.properties if sent else {}) | queries.known(user=subject),
        "resource": (asked.resource.properties if sent else {}) | queries.known(resource),
        "action": asked.action_properties if sent else {},
        "context": asked.context if sent else {},
    }
    return next((one.words for one in conditions if not rules.holds(one, properties)), None)


def record(asker: Asker, asked: Question, found: Verdict) -> None:
    who = found.subject or asker.user
    data = {"evaluation_id": found.evaluation}
    if who != asker.user:
        data["asked_by"] = asker.user.username
    if found.allowed and found.resource and found.decision:
        recording.allowed(VERB, who, found.resource, found.decision, **data)
    elif found.decision and not found.decision.allowed:
        recording.denied(VERB, who, Refused(found.decision), **data)
    else:
        words = f"{found.message or WORDS[found.reason]} ({asked.action})"
        error = Denied(found.reason, recording.printable(words), found.resource)
        data["subject"] = f"{asked.subject.type}:{asked.subject.id}"
        data["resource"] = f"{asked.resource.type}:{asked.resource.id}"
        recording.denied(VERB, who, error, **data)


def answer(asker: Asker, asked: Question, found: Verdict) -> dict[str, Any]:
    context: dict[str, Any] = {"reason": found.reason, "evaluation_id": found.evaluation}
    decision = found.decision
    if found.allowed and decision:
        if decision.grant_id:
            context |= {"grant": str(decision.grant_id), "role": decision.role}
        if decision.purpose:
            context["purpose"] = decision.purpose
        return {"decision": True, "context": context}
    context["reason_user"] = {"403": words(found)}
    if not found.hidden and found.subject and found.resource and decision:
        about = found.subject, decision.permission, found.resource, found.reason
        if hint := asker.once(hints.requestable, *about, asker.on_offer):
            context["access_request"] = hint
    if "approval" in asked.context:  # read by nobody here: what counts is whether a grant is open
        context["next_action"] = "request" if "access_request" in context else "none"
    return {"decision": False, "context": context}


def words(found: Verdict) -> str:
    if found.reason in WORDS:
        return found.message or WORDS[found.reason]
    assert found.decision is not None
    return str(Refused(found.decision))
