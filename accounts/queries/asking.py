"""Asking the decision: about oneself where one may look, about others as a reviewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.decision import WORDS, Decision, Refused, allowed, decide
from accounts.explanation import Explanation, Path, explain
from accounts.models import Resource, User
from accounts.permissions import Permission
from accounts.queries.answers import what_now
from accounts.queries.asof import home_then, stood_at, what_could, who_could
from accounts.queries.grants import grants
from accounts.queries.resources import find, held_among
from audit.hidden import record
from audit.models import Event
from audit.queries import births


def verdict(
    user: User, permission: str, *, subject: str = "", purpose: str = "", **lookup: Any
) -> Decision:
    """What the decision says. About somebody else: to those who review it. And never that
    something exists which the asker may not see."""
    if any("\x00" in str(value) for value in lookup.values()):
        raise Http404
    resource: Resource | None = Resource.objects.filter(**lookup).first()
    if resource is None:
        raise Http404
    asked_for = user
    if subject not in ("", user.username):
        require_review(user, resource)
        asked_for = User.objects.filter(username=subject).first() or nobody(subject)
    decision = decide(asked_for, permission, resource, purpose=purpose)
    if not decision.allowed and asked_for == user:
        find(user, Permission.DISCOVER, pk=resource.pk)
    return decision


def explanation(
    user: User,
    subject: User,
    permission: str,
    resource: Resource,
    *,
    purpose: str = "",
    at: datetime | None = None,
) -> Explanation:
    """The whole path of an answer: about oneself where one may look, about others to reviewers."""
    if subject != user or not allowed(user, Permission.DISCOVER, resource):
        require_review(user, resource)
    return explain(subject, permission, resource, purpose=purpose, at=at)


def require_review(user: User, resource: Resource) -> None:
    review = decide(user, Permission.REVIEW, resource)
    if not review.allowed:
        find(user, Permission.DISCOVER, pk=resource.pk)  # 404 where nothing may be seen at all
        error = Refused(review)
        record(user, error, resource, "decision.ask")
        raise error


def named(user: User, subject: str) -> User:
    """The subject of a question; oneself when none is named."""
    if subject in ("", user.username):
        return user
    return User.objects.filter(username=subject).first() or nobody(subject)


def nobody(username: str) -> NoReturn:
    raise ValidationError({"subject": f"There is no user {username}."})


def placed(lookup: dict[str, Any], at: datetime | None) -> Resource:
    """By what it is called now, or was called then."""
    if any("\x00" in str(value) for value in lookup.values()):
        raise Http404
    named = Q(**lookup)
    if at is not None and "path" in lookup:
        named |= stood_at(lookup["path"], at)
    resource: Resource | None = Resource.objects.filter(named).first()
    if resource is None:
        raise Http404
    return resource


def explained(
    user: User,
    permission: str,
    *,
    subject: str = "",
    purpose: str = "",
    at: datetime | None = None,
    **lookup: Any,
) -> Explanation:
    """`explanation` by names; who exists is told to reviewers of the place only."""
    resource = placed(lookup, at)
    if subject not in ("", user.username):
        require_review(user, resource)
    return explanation(user, named(user, subject), permission, resource, purpose=purpose, at=at)


def who_at(
    user: User, permission: str, *, at: datetime | None = None, **lookup: Any
) -> QuerySet[User]:
    """Who could do it there and then: for those who review the place."""
    resource = placed(lookup, at)
    require_review(user, resource)
    return who_could(resource, permission, at=at)


def what_at(
    user: User, permission: str, *, subject: str = "", kind: str = "", at: datetime | None = None
) -> QuerySet[Resource]:
    """Where somebody could do it then: of oneself what one may see, of others what one reviews."""
    own = subject in ("", user.username)
    seen = user.visible(Resource, Permission.DISCOVER if own else Permission.REVIEW)
    if not own and not seen.exists():
        nobody(subject)
    who = named(user, subject)
    found = what_could(who, permission, kind=kind, at=at) if at else what_now(who, permission, kind)
    return found.filter(pk__in=seen.order_by().values("pk"))


def address_then(user: User, found: Explanation) -> str:
    """What it was called at that time, where that was something else that may be named."""
    home = home_then(found.resource, found.at)
    if home is None or not allowed(user, Permission.DISCOVER, home):
        return ""
    return f"{home.address}/{found.resource.address.partition('/')[2]}"


@dataclass(frozen=True)
class Told:
    """One path as it may be shown: of a grant that the reader may not open, only what decides."""

    path: Path
    words: str
    may_open: bool
    may_name: bool  # where it was given: it lies over the resource, or the reader may see it
    born: Event | None


def told(user: User, explanation: Explanation) -> list[Told]:
    """Each path of an answer with the act that made its grant."""
    listed = [path.grant for path in explanation.paths]
    seen = set(grants(user).filter(pk__in=[g.pk for g in listed]).values_list("pk", flat=True))
    places = set(explanation.resource.chain)
    places |= held_among(user, Permission.DISCOVER, [path.scope.pk for path in explanation.paths])
    acts = births(user, listed)
    return [
        Told(
            path,
            OUTCOMES[path.reason],
            path.grant.pk in seen,
            path.scope.pk in places,
            acts.get(str(path.grant.pk)),
        )
        for path in explanation.paths
    ]


OUTCOMES = WORDS | {"gives": "Gives it", "denies": "Denies it", "no_grant": "Does not reach this"}
