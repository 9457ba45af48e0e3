"""THE decision: may this subject do this to this resource, and what says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import ApiKey, Grant, GroupPermission, Resource, User, UserPermission
from accounts.models.vocabulary import BLOCKED_STATES, HIDDEN_STATES
from accounts.permissions import CONTENT, USE, Permission
from audit import context


@dataclass(frozen=True)
class Decision:
    """One answer. `reason` is a stable code; an "allowed" names its grant."""

    allowed: bool
    reason: str
    permission: str
    resource: Resource
    grant: Grant | None = None
    purpose: str = ""

    def passed(self, rule: str = "grant") -> context.Passed:
        grant = self.grant
        return context.Passed(
            permission=self.permission,
            path=self.resource.path,
            rule=rule,
            resource=self.resource.pk,
            grant=str(grant.pk) if grant else None,
            role=grant.role.slug if grant else "",
            purpose=self.purpose,
        )


class Refused(PermissionDenied):
    """A denial that knows why and of what, for the trail and for the person."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.reason = decision.reason
        self.resource_id = decision.resource.pk
        self.resource_path = decision.resource.path
        super().__init__(f"{WORDS[decision.reason]} ({decision.permission})")


CLIENT_CREDENTIALS = "client_credentials"  # the rule of the one act that a client secret is for
WORDS = {
    "allowed": "Allowed",
    "subject_inactive": "This account is deactivated",
    "key_revoked": "This key is revoked",
    "key_expired": "This key has expired",
    "key_scope": "This key does not have the scope",
    "key_restriction": "This key is restricted to another resource",
    "resource_withdrawn": "This was withdrawn and gives nothing any more",
    "resource_retired": "This was retired and gives nothing any more",
    "deny_grant": "Access is blocked by a deny grant",
    "purpose_not_permitted": "This purpose is not permitted here",
    "resource_draft": "This is a draft and there for its editors only",
    "grant_expired": "The grant has expired",
    "grant_not_started": "The grant has not started yet",
    "grant_purpose": "The grant is for another purpose",
    "no_grant": "No grant gives this",
}


@dataclass
class Question:
    """The inputs of one decision, and what is looked up once for all gates."""

    subject: User
    permission: str
    resource: Resource
    purpose: str
    key: ApiKey | None
    at: Any = field(default_factory=timezone.now)

    def __post_init__(self) -> None:
        # From the resource up to the root: states and conditions count at every level.
        self.nodes = list(Resource.objects.filter(pk__in=self.resource.chain).order_by("-path"))

    @property
    def states(self) -> list[str]:
        return [node.state for node in self.nodes]


def subject_gate(q: Question) -> str | None:
    return None if q.subject.is_live else "subject_inactive"


def key_gate(q: Question) -> str | None:
    if q.key is None:
        return None
    if q.key.revoked_at is not None:
        return "key_revoked"
    if q.key.expires_at <= q.at:
        return "key_expired"
    if q.permission not in q.key.scopes:
        return "key_scope"
    if q.key.within_id is not None and q.key.within_id not in q.resource.chain:
        return "key_restriction"
    return None


def state_gate(q: Question) -> str | None:
    blocked = [state for state in q.states if state in BLOCKED_STATES]
    return f"resource_{blocked[0]}" if blocked and q.permission in USE else None


def deny_gate(q: Question) -> str | None:
    denied = (
        Grant.objects.live(q.at)
        .of(q.subject, q.at)
        .over(q.resource)
        .filter(
            effect=Grant.Effect.DENY,
            role__permissions__codename=q.permission,
            role__permissions__closed_at=None,
        )
    )
    return "deny_grant" if denied.exists() else None


def purpose_gate(q: Question) -> str | None:
    """A stated purpose must be permitted here; what a grant brings is asked with the grant."""
    return None if fits(q.nodes, q.purpose, q.permission) else "purpose_not_permitted"


def draft_gate(q: Question) -> str | None:
    if q.permission not in CONTENT or not set(q.states) & set(HIDDEN_STATES):
        return None
    mine = Resource.objects.filter(pk=q.resource.pk)
    editable = mine.held_by(q.subject, Permission.EDIT, q.at)
    return None if editable.exists() else "resource_draft"


GATES: tuple[Callable[[Question], str | None], ...] = (
    subject_gate,
    key_gate,
    state_gate,
    deny_gate,
    purpose_gate,
    draft_gate,
)


def fits(nodes: list[Resource], purpose: str, permission: str = Permission.DOWNLOAD) -> bool:
    """Does every level permit this purpose? Nothing stated is judged by the grant alone."""
    if not purpose or permission not in USE:
        return True
    return all(
        purpose not in node.prohibited_purposes
        and (not node.permitted_purposes or purpose in node.permitted_purposes)
        for node in nodes
    )


def decide(
    subject: User,
    permission: str,
    resource: Resource,
    *,
    purpose: str = "",
    key: ApiKey | None = None,
) -> Decision:
    """Walk the gates in order, then the grants; the first gate that fails is the reason."""
    question = Question(subject, permission, resource, purpose, key or subject.credential)
    for gate in GATES:
        if reason := gate(question):
            return Decision(False, reason, permission, resource, purpose=purpose)
    return by_grant(question)


def by_grant(q: Question) -> Decision:
    """The subject's own grants, then the groups'; nearest first, then the oldest."""
    reason = ""
    for grant in candidates(q):
        stated = q.purpose or grant.purpose
        if q.purpose and grant.purpose and q.purpose != grant.purpose:
            reason = reason or "grant_purpose"
        elif not fits(q.nodes, stated, q.permission):
            reason = reason or "purpose_not_permitted"
        else:
            return Decision(True, "allowed", q.permission, q.resource, grant, stated)
    return Decision(False, reason or near_miss(q), q.permission, q.resource, purpose=q.purpose)


def candidates(q: Question) -> Iterator[Grant]:
    distance = {pk: step for step, pk in enumerate(q.resource.chain)}
    for rows in (UserPermission, GroupPermission):
        live = rows.objects.giving(q.subject, q.permission, q.at)
        near = live.filter(content_object__in=distance).select_related("grant__role")
        ordered = sorted(
            near, key=lambda row: (distance[row.content_object_id], row.grant.opened_at)
        )
        yield from (row.grant for row in ordered)


def near_miss(q: Question) -> str:
    """Why not, when a grant would have given it at another time."""
    mine = (
        Grant.objects.of(q.subject, q.at)
        .over(q.resource)
        .filter(
            effect=Grant.Effect.ALLOW,
            closed_at=None,
            role__permissions__codename=q.permission,
            role__permissions__closed_at=None,
        )
    )
    windows = list(mine.values_list("starts_at", "expires_at"))
    if any(ends is not None and ends <= q.at for _, ends in windows):
        return "grant_expired"
    return "grant_not_started" if any(starts > q.at for starts, _ in windows) else "no_grant"


def check(subject: User, permission: str, resource: Resource, *, purpose: str = "") -> Decision:
    """Raise unless allowed; an "allowed" is told to the open act, which may then write there."""
    decision = decide(subject, permission, resource, purpose=purpose)
    if not decision.allowed:
        raise Refused(decision)
    context.passed(decision.passed())
    return decision


def allowed(subject: User, permission: str, resource: Resource, *, purpose: str = "") -> bool:
    return decide(subject, permission, resource, purpose=purpose).allowed


def own(subject: User, permission: str, path: str, rule: str = "self") -> None:
    """What everybody may do with what is theirs; a key still needs the scope for it."""
    root = site()
    if not subject.is_live:
        raise Refused(Decision(False, "subject_inactive", permission, root))
    key = subject.credential
    if key is not None and not key.allows(permission, timezone.now()):
        raise Refused(Decision(False, "key_scope", permission, root))
    within = key.within.path if key is not None and key.within is not None else "/"
    if not path.startswith(within) and rule != CLIENT_CREDENTIALS:
        raise Refused(Decision(False, "key_restriction", permission, root))
    context.passed(context.Passed(permission, path, rule))


def site() -> Resource:
    """The root of the tree: what "everywhere" means."""
    return Resource.objects.get(kind="root")
