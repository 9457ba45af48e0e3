"""THE decision: may this subject do this to this resource, and what says so."""

from __future__ import annotations

import threading
from asyncio import _get_running_loop
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import connections
from django.utils import timezone

from accounts.models import ApiKey, Grant, Resource, User
from accounts.models.resources import permission_id
from accounts.permissions import CONTENT, USE, Permission
from accounts.point import point
from accounts.purposes import Purpose
from accounts.statements import DECIDE, row
from audit import context


class Here(threading.local):
    """This thread's connection; Django looks it up anew each time it is named, a microsecond."""

    def __init__(self) -> None:
        self.connection = connections["default"]


class Decision(NamedTuple):
    """One answer. `reason` is a stable code; an "allowed" names its grant."""

    allowed: bool
    reason: str
    permission: str
    resource: Resource
    grant_id: UUID | None = None
    role: str = ""
    purpose: str = ""

    @property
    def grant(self) -> Grant | None:
        return Grant.objects.get(pk=self.grant_id) if self.grant_id else None

    def passed(self, rule: str = "grant") -> context.Passed:
        return context.Passed(
            permission=self.permission,
            path=self.resource.path,
            rule=rule,
            resource=self.resource.pk,
            grant=str(self.grant_id) if self.grant_id else None,
            role=self.role,
            purpose=self.purpose,
        )


class Refused(PermissionDenied):
    """A denial that knows why and of what, for the trail and for the person."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.reason = decision.reason
        self.resource_id = decision.resource.pk
        self.resource_path = decision.resource.path
        self.asked = {"permission": decision.permission}
        if decision.purpose:
            self.asked["purpose"] = decision.purpose
        super().__init__(f"{WORDS[decision.reason]} ({decision.permission})")


here = Here()
PURPOSES = frozenset(("", *Purpose.values))
CLIENT_CREDENTIALS = "client_credentials"  # the rule of the one act that a client secret is for
WORDS = {
    "allowed": "Allowed",
    "subject_unknown": "There is no such account",
    "subject_inactive": "This account is deactivated",
    "key_unknown": "There is no such key of this account",
    "key_revoked": "This key is revoked",
    "key_expired": "This key has expired",
    "key_scope": "This key does not have the scope",
    "key_restriction": "This key is restricted to another resource",
    "resource_unknown": "There is no such resource",
    "resource_withdrawn": "This was withdrawn and gives nothing any more",
    "resource_retired": "This was retired and gives nothing any more",
    "deny_grant": "Access is blocked by a deny grant",
    "purpose_not_permitted": "This purpose is not permitted here",
    "agreement_missing": "An agreement that this requires is not signed",
    "agreement_expired": "An agreement that this requires has expired",
    "resource_draft": "This is a draft and there for its editors only",
    "grant_expired": "The grant has expired",
    "grant_not_started": "The grant has not started yet",
    "grant_suspended": "The grant is suspended",
    "grant_purpose": "The grant is for another purpose",
    "version_not_covered": "The grant does not reach this version: ask again",
    "version_blocked": "The grant stays closed to versions that came after it",
    "no_grant": "No grant gives this",
}


def decide(
    subject: User,
    permission: str,
    resource: Resource,
    *,
    purpose: str = "",
    key: ApiKey | None = None,
) -> Decision:
    """May they, now? Out of memory where that is sure to be what the database would say."""
    if purpose not in PURPOSES:
        return foreign(permission, resource)
    key = key or subject.credential
    remembered = point.current()
    # A transaction sees what it wrote itself, which nobody else may be told of.
    if remembered is not None and not in_transaction():
        held = None if key is None else key.id
        told = remembered.answer(subject.id, permission, resource.id, purpose, held)
        if told is not None:
            reason, grant, role, meant = told
            told_as = reason == "allowed", reason, permission, resource, grant, role, meant
            return Decision._make(told_as)  # a tenth of the time of it all less than by its name
    return answer(subject, permission, resource, purpose, key, timezone.now())


def in_transaction() -> bool:
    """Where an event loop runs, Django keeps other connections, one a task."""
    alone = _get_running_loop() is None
    return (here.connection if alone else connections["default"]).in_atomic_block


def answer(
    subject: User,
    permission: str,
    resource: Resource,
    purpose: str,
    key: ApiKey | None,
    at: datetime,
) -> Decision:
    """One prepared statement walks the gates in order, then the grants (migrations/sql)."""
    if purpose not in PURPOSES:
        return foreign(permission, resource)
    reason, grant, role, meant = row(
        DECIDE,
        subject.pk,
        permission_id(permission),
        permission,
        permission in CONTENT,
        permission in USE,
        permission_id(Permission.EDIT),
        resource.pk,
        purpose,
        key.pk if key is not None else None,
        at,
    )
    return Decision(reason == "allowed", reason, permission, resource, grant, role or "", meant)


def foreign(permission: str, resource: Resource) -> Decision:
    """The vocabulary is closed: what is no purpose is permitted nowhere, nor kept as one."""
    return Decision(False, "purpose_not_permitted", permission, resource)


def check(subject: User, permission: str, resource: Resource, *, purpose: str = "") -> Decision:
    """Raise unless allowed; an "allowed" is told to the open act, which may then write there."""
    decision = decide(subject, permission, resource, purpose=purpose)
    if not decision.allowed:
        raise Refused(decision)
    context.passed(decision.passed())
    return decision


def recheck() -> None:
    """All that the open act was allowed so far, again: it may just have waited for an act that took
    it away."""
    act = context.current()
    if act is None:
        return
    for passed in act.passed:
        if passed.grant is not None and passed.resource is not None:
            resource = Resource.objects.get(pk=passed.resource)
            decision = decide(act.actor, passed.permission, resource, purpose=passed.purpose)
            if not decision.allowed:
                raise Refused(decision)


def allowed(subject: User, permission: str, resource: Resource, *, purpose: str = "") -> bool:
    return decide(subject, permission, resource, purpose=purpose).allowed


def own(subject: User, permission: str, path: str, rule: str = "self") -> None:
    """What everybody may do with what is theirs; a key still needs the scope for it."""
    everywhere = root()
    if not subject.is_live:
        raise Refused(Decision(False, "subject_inactive", permission, everywhere))
    key = subject.credential
    if key is not None and not key.allows(permission, timezone.now()):
        raise Refused(Decision(False, "key_scope", permission, everywhere))
    within = key.within.path if key is not None and key.within is not None else "/"
    if not path.startswith(within) and rule != CLIENT_CREDENTIALS:
        raise Refused(Decision(False, "key_restriction", permission, everywhere))
    context.passed(context.Passed(permission, path, rule))


def site() -> Resource:
    """The root of the tree: what "everywhere" means. Each caller's own, with its lists."""
    return deepcopy(root())


@cache
def root() -> Resource:
    """Made with the tables and changed by no action, so a process asks once."""
    found: Resource = Resource.objects.get(kind="root")
    return found
