"""Who could and what could, at any time: sets over the intent as it stood then.

The same gates as the decision, asked of grants, memberships, signatures, spells and standings
and not of the derived rows, so that the past answers too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.explanation import during, standing_at
from accounts.models import (
    Grant,
    Membership,
    Resource,
    Role,
    RolePermission,
    Signature,
    Spell,
    Standing,
    Suspension,
    User,
)
from accounts.models.grants import GrantQuerySet, covering
from accounts.models.vocabulary import Kind
from accounts.permissions import CONTENT, USE, Permission


@dataclass(frozen=True)
class Narrowed:
    """As if a role held only this."""

    role: UUID
    wanted: frozenset[str]


def given(permission: str, at: datetime, narrowed: Narrowed | None = None) -> GrantQuerySet:
    """Grants of roles that held the permission then, open and not over."""
    holding = RolePermission.objects.filter(during(at), codename=permission).values("role")
    if narrowed is not None and permission not in narrowed.wanted:
        holding = holding.exclude(role=narrowed.role)
    found: GrantQuerySet = Grant.objects.filter(
        during(at), Q(expires_at=None) | Q(expires_at__gt=at), role__in=holding
    )
    return found


def in_force(permission: str, at: datetime, narrowed: Narrowed | None = None) -> GrantQuerySet:
    """Those that had begun; a suspension takes away what was given, never a deny."""
    waiting = Suspension.objects.filter(during(at)).values("grant")
    begun = given(permission, at, narrowed).filter(starts_at__lte=at)
    return begun.exclude(effect=Grant.Effect.ALLOW, pk__in=waiting)


def who_could(
    resource: Resource,
    permission: str,
    *,
    at: datetime | None = None,
    narrowed: Narrowed | None = None,
) -> QuerySet[User]:
    """Every subject whom the decision would have allowed it, without a key."""
    at = at or timezone.now()
    standing = standing_at(resource, at)
    use = permission in USE
    if standing is None or (use and standing.blocked):
        return User.objects.none()
    here = over(standing)
    allowing = in_force(permission, at, narrowed).filter(here, effect=Grant.Effect.ALLOW)
    if use:
        allowing = allowing.exclude(purpose__in=standing.barred)
    denied = in_force(permission, at, narrowed).filter(here, effect=Grant.Effect.DENY)
    live = Spell.objects.filter(during(at), user=OuterRef("pk"))
    if use:
        for slug in standing.agreements:
            live = live.filter(answerable__in=signers(slug, at))
    found = User.objects.filter(Exists(live), subjects(allowing, at)).exclude(subjects(denied, at))
    if permission in CONTENT and standing.hidden:
        editing = in_force(Permission.EDIT, at, narrowed).filter(here, effect=Grant.Effect.ALLOW)
        found = found.filter(subjects(editing, at))
    return found.order_by("username")


def holders_of(role: Role, resource: Resource, permission: str, at: datetime) -> QuerySet[User]:
    """Those whom grants of this role reach here, now or when they begin or are resumed."""
    standing = Standing.objects.get(during(at), resource=resource)
    mine = given(permission, at).filter(over(standing), role=role, effect=Grant.Effect.ALLOW)
    return User.objects.filter(subjects(mine, at))


def stood_at(path: str, at: datetime) -> Q:
    """The dataset or model that had this address then, or a version of it, wherever it is now."""
    match path[1:-1].split("/"):
        case [project, slug]:
            return Q(pk__in=lay_in(project, slug, at).values("resource"))
        case [project, slug, version]:
            found = lay_in(project, slug, at).values("resource")
            return Q(parent__in=found, slug=version)
    return Q(pk__in=[])


def lay_in(project: str, slug: str, at: datetime) -> QuerySet[Standing]:
    home = Resource.objects.filter(kind=Kind.PROJECT, path=f"/{project}/").values_list("pk")
    lay = Standing.objects.filter(during(at), ancestors__contains=list(home.first() or [0]))
    return lay.filter(resource__slug=slug, resource__kind__in=(Kind.DATASET, Kind.MODEL))


def home_then(resource: Resource, at: datetime) -> Resource | None:
    """The project that it lay in, where that was another one than now."""
    standing = standing_at(resource, at)
    then = set(standing.ancestors if standing else ()) - set(resource.ancestors)
    return Resource.objects.filter(pk__in=then, kind=Kind.PROJECT).first()


def over(standing: Standing) -> Q:
    """Grants that reach this place: on it or above it, and if for some versions then for it."""
    return covering(standing.number) & Q(resource__in=[*standing.ancestors, standing.resource_id])


def subjects(grants: GrantQuerySet, at: datetime) -> Q:
    """Who holds one of these, directly or through a group of then."""
    # Without the nulls: one of them in a list makes "not in it" true for nobody.
    people = grants.exclude(user=None).values("user")
    groups = grants.exclude(group=None).values("group")
    members = Membership.objects.filter(during(at), group__in=groups)
    return Q(pk__in=people) | Q(pk__in=members.values("user"))


def signers(slug: str, at: datetime) -> QuerySet[User]:
    lasting = Q(signatures__expires_at=None) | Q(signatures__expires_at__gt=at)
    closing = Q(signatures__closed_at=None) | Q(signatures__closed_at__gt=at)
    return User.objects.filter(
        lasting, closing, signatures__opened_at__lte=at, signatures__agreement__slug=slug
    )


@dataclass(frozen=True)
class Reached:
    """What one subject's grants reach, as conditions on standings."""

    grants: Iterable[Grant]
    use: bool = False

    def where(self) -> Q:
        """None of the grants, no row; their number is that of one person's grants."""
        found, whole = Q(pk__in=[]), dict[str, list[int]]()
        for grant in self.grants:
            purpose = grant.purpose if self.use else ""
            if grant.first_version is None:
                whole.setdefault(purpose, []).append(grant.resource_id)
            else:
                found |= fits(purpose) & below([grant.resource_id]) & numbered(grant)
        for purpose, nodes in whole.items():
            found |= fits(purpose) & below(nodes)
        return found


def below(nodes: list[int]) -> Q:
    return Q(resource__in=nodes) | Q(ancestors__overlap=nodes)


def numbered(grant: Grant) -> Q:
    ends = Q() if grant.last_version is None else Q(number__lte=grant.last_version)
    return Q(number__gte=grant.first_version) & ends


def fits(purpose: str) -> Q:
    return ~Q(barred__contains=[purpose]) if purpose else Q()


def what_could(
    subject: User, permission: str, *, kind: str = "", at: datetime | None = None
) -> QuerySet[Resource]:
    """Every resource over which the decision would have allowed it, without a key."""
    at = at or timezone.now()
    spell = Spell.objects.filter(during(at), user=subject).first()
    if spell is None:
        return Resource.objects.none()
    use = permission in USE
    held = list(of(subject, permission, at))
    allowing = [grant for grant in held if grant.effect == Grant.Effect.ALLOW]
    denied = [grant for grant in held if grant.effect == Grant.Effect.DENY]
    found = Standing.objects.filter(during(at), Reached(allowing, use).where())
    if denied:
        found = found.exclude(Reached(denied).where())
    if use:
        signed = Signature.objects.filter(during(at), user=spell.answerable_id).filter(
            Q(expires_at=None) | Q(expires_at__gt=at)
        )
        slugs = list(signed.values_list("agreement__slug", flat=True))
        found = found.filter(blocked="", agreements__contained_by=slugs)
    if permission in CONTENT:
        editing = [g for g in of(subject, Permission.EDIT, at) if g.effect == Grant.Effect.ALLOW]
        found = found.filter(Q(hidden=False) | Reached(editing).where())
    rows: QuerySet[Resource] = Resource.objects.filter(pk__in=found.values("resource"))
    return (rows.filter(kind=kind) if kind else rows).order_by("path")


def of(subject: User, permission: str, at: datetime) -> GrantQuerySet:
    groups = Membership.objects.filter(during(at), user=subject).values("group")
    return in_force(permission, at).filter(Q(user=subject) | Q(group__in=groups))
