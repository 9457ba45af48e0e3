"""The whole path of an answer, now or at any time: each gate, each grant and what came of it.

Computed from the intent (grants, roles, memberships, signatures as they stood then), not from
the derived rows that `decide` reads: so each checks the other, and "as of" is a query.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import (
    Grant,
    Membership,
    Resource,
    RolePermission,
    Signature,
    Spell,
    Standing,
    Suspension,
    User,
)
from accounts.permissions import CONTENT, USE, Permission


@dataclass(frozen=True)
class Gate:
    """One condition: `reason` is empty when it was passed."""

    name: str
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Path:
    """One grant that could have given it, and why it did or did not."""

    grant: Grant
    via: str  # the subject itself, or the group
    scope: Resource
    reason: str  # "gives", "denies", or why it does neither

    @property
    def gives(self) -> bool:
        return self.reason == "gives"


@dataclass(frozen=True)
class Explanation:
    """An answer with all that it rests on."""

    subject: User
    permission: str
    resource: Resource
    purpose: str
    at: datetime
    gates: list[Gate]
    paths: list[Path]

    @property
    def allowed(self) -> bool:
        return not any(gate.reason for gate in self.gates) and self.decided_by is not None

    @property
    def decided_by(self) -> Path | None:
        return next((path for path in self.paths if path.gives), None)

    @property
    def grant(self) -> Grant | None:
        """The one that an "allowed" names."""
        return self.decided_by.grant if self.allowed and self.decided_by else None

    @property
    def reason(self) -> str:
        """The stable code that `decide` answers with."""
        failed = next((gate.reason for gate in self.gates if gate.reason), "")
        if failed:
            return failed
        if self.decided_by:
            return "allowed"
        near = [path.reason for path in self.paths]
        return next((code for code in NEAR_MISSES if code in near), "no_grant")


NEAR_MISSES = (
    "grant_purpose",
    "purpose_not_permitted",
    "grant_suspended",
    "grant_expired",
    "grant_not_started",
    "version_not_covered",
    "version_blocked",
)


def during(at: datetime) -> Q:
    """Rows that were open then."""
    return Q(opened_at__lte=at) & (Q(closed_at=None) | Q(closed_at__gt=at))


def standing_at(resource: Resource, at: datetime) -> Standing | None:
    return Standing.objects.filter(during(at), resource=resource).first()


def explain(
    subject: User,
    permission: str,
    resource: Resource,
    *,
    purpose: str = "",
    at: datetime | None = None,
) -> Explanation:
    """What `decide` would have answered then, without a key; and everything that led there."""
    at = at or timezone.now()
    spell = Spell.objects.filter(during(at), user=subject).first()
    standing = standing_at(resource, at)
    gates, paths = [subject_gate(spell, subject, at), resource_gate(standing, permission)], []
    if standing is not None:
        paths = found_paths(subject, permission, standing, purpose, at)
        denials = [p for p in paths if p.reason == "denies"]
        paths = denials + [p for p in paths if p.grant.effect == Grant.Effect.ALLOW]
        gates.append(deny_gate(denials))
        gates.append(purpose_gate(standing, permission, purpose))
        gates.append(agreement_gate(standing, permission, spell, at))
        gates.append(draft_gate(standing, permission, subject, at))
    return Explanation(subject, permission, resource, purpose, at, gates, paths)


def subject_gate(spell: Spell | None, subject: User, at: datetime) -> Gate:
    if spell is not None:
        return Gate("subject")
    return Gate("subject", "subject_inactive" if subject.date_joined <= at else "subject_unknown")


def resource_gate(standing: Standing | None, permission: str) -> Gate:
    if standing is None:
        return Gate("resource", "resource_unknown")
    if standing.blocked and permission in USE:
        return Gate("resource", f"resource_{standing.blocked}")
    return Gate("resource")


def deny_gate(denials: list[Path]) -> Gate:
    told = "; ".join(str(path.grant) for path in denials)
    return Gate("blocked", "deny_grant", told) if denials else Gate("blocked")


def purpose_gate(standing: Standing, permission: str, purpose: str) -> Gate:
    barred = ", ".join(standing.barred).replace("_", " ")
    if permission in USE and purpose in standing.barred:
        return Gate("purpose", "purpose_not_permitted", f"barred: {barred}")
    return Gate("purpose", "", f"barred: {barred}" if barred else "")


def agreement_gate(standing: Standing, permission: str, spell: Spell | None, at: datetime) -> Gate:
    required = set(standing.agreements)
    if permission not in USE or not required or spell is None:
        return Gate("agreements")
    signed = Signature.objects.filter(user=spell.answerable_id, agreement__slug__in=required)
    live = signed.filter(during(at), Q(expires_at=None) | Q(expires_at__gt=at))
    missing = required - set(live.values_list("agreement__slug", flat=True))
    if not missing:
        return Gate("agreements", "", ", ".join(sorted(required)))
    past = signed.filter(agreement__slug__in=missing, opened_at__lte=at).exists()
    return Gate(
        "agreements",
        "agreement_expired" if past else "agreement_missing",
        ", ".join(sorted(missing)),
    )


def draft_gate(standing: Standing, permission: str, subject: User, at: datetime) -> Gate:
    if permission not in CONTENT or not standing.hidden:
        return Gate("draft")
    editing = found_paths(subject, Permission.EDIT, standing, "", at)
    return Gate("draft") if any(p.gives for p in editing) else Gate("draft", "resource_draft")


def found_paths(
    subject: User, permission: str, standing: Standing, purpose: str, at: datetime
) -> list[Path]:
    """Every grant over the resource whose role held the permission, in the order that decides."""
    chain = [*standing.ancestors, standing.resource_id]
    groups = Membership.objects.filter(during(at), user=subject).values("group")
    holding = RolePermission.objects.filter(during(at), codename=permission).values("role")
    grants: QuerySet[Grant] = (
        Grant.objects.filter(during(at), Q(user=subject) | Q(group__in=groups))
        .filter(resource__in=chain, role__in=holding)
        .select_related("role", "user", "group", "resource", "opened_by")
    )
    suspended = set(
        Suspension.objects.filter(during(at), grant__in=grants).values_list("grant", flat=True)
    )
    ordered = sorted(
        grants.order_by(F("opened_at"), "pk"),
        key=lambda g: (g.user_id is None, -chain.index(nearest(g, standing))),
    )
    return [
        Path(
            grant,
            str(grant.subject),
            grant.resource,
            outcome(grant, permission, standing, purpose, at, grant.pk in suspended),
        )
        for grant in ordered
    ]


def nearest(grant: Grant, standing: Standing) -> int:
    """Where it holds: a range holds on the versions themselves, not on what they lie in."""
    ranged = grant.first_version is not None and standing.number is not None
    return standing.resource_id if ranged else grant.resource_id


def outcome(
    grant: Grant, permission: str, standing: Standing, purpose: str, at: datetime, waits: bool
) -> str:
    """What came of one grant: `gives`, `denies`, or the code of why not."""
    reached = grant.covers(standing.number)
    over = grant.expires_at is not None and grant.expires_at <= at
    begun = grant.starts_at <= at
    if not reached:
        return later_version(grant, standing) if begun and not over else "no_grant"
    if grant.effect == Grant.Effect.DENY:
        return "denies" if begun and not over else "no_grant"
    codes = {
        "grant_suspended": waits,
        "grant_expired": over,
        "grant_not_started": not begun,
        "grant_purpose": bool(purpose) and grant.purpose not in ("", purpose),
        "purpose_not_permitted": permission in USE and grant.purpose in standing.barred,
    }
    return next((code for code, holds in codes.items() if holds), "gives")


def later_version(grant: Grant, standing: Standing) -> str:
    if standing.number is None or grant.effect == Grant.Effect.DENY:
        return "no_grant"
    blocks = grant.new_versions == Grant.NewVersions.BLOCK
    return "version_blocked" if blocks else "version_not_covered"
