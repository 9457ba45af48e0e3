"""Nobody widens their own access: each route that could is one rule here."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.utils import timezone

from accounts import decision
from accounts.models import (
    Agreement,
    ApiKey,
    Grant,
    Membership,
    Resource,
    Role,
    RolePermission,
    User,
)
from accounts.models.grants import GrantQuerySet, covering
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.purposes import Purpose

OVERSIGHT = frozenset(
    {
        Permission.GRANT,
        Permission.READ_TRAIL,
        Permission.REVIEW,
        Permission.DECIDE_REQUEST,
        Permission.MANAGE_PEOPLE,
        Permission.MANAGE_ROLES,
        Permission.MANAGE_POLICIES,
        Permission.MANAGE_KEYS,
    }
)
LISTED_ONLY = frozenset(
    {"privacy-officer", "auditor", "admin"}
)  # holding their verbs is not enough
CLOCKS = timedelta(minutes=5)  # by how much two of them may differ
MAX_KEY_DAYS = {ApiKey.Kind.PERSONAL: 90, ApiKey.Kind.SERVICE: 365, ApiKey.Kind.CLIENT: 365}


class OwnSide(PermissionDenied):
    """Somebody reached for what would widen their own access."""

    reason = "own_access"


def side(user: User) -> Q:
    """One person and all they act through: themselves and the services they answer for."""
    person = user.service_account.owner_id if user.kind == User.Kind.SERVICE else user.pk
    return Q(pk=person) | Q(service_account__owner=person)


def on_side(by: User, subject: User | Group) -> bool:
    mine = User.objects.filter(side(by))
    if isinstance(subject, User):
        return mine.filter(pk=subject.pk).exists()
    return Membership.objects.current().filter(group=subject, user__in=mine).exists()


def require_other_side(by: User, subject: User | Group) -> None:
    """Not to oneself, one's own group, or a service one answers for."""
    if on_side(by, subject):
        raise OwnSide(f"{subject} is you or yours: ask a second person to do this.")


def require_self(by: User, user: User) -> None:
    """What is set by its owner only: password, name, preferences, sessions."""
    if by != user:
        raise OwnSide(f"Only {user} can do this for {user}.")


def grants_on_side(by: User) -> GrantQuerySet:
    mine = User.objects.filter(side(by))
    groups = Membership.objects.current().filter(user__in=mine).values("group")
    open_grants: GrantQuerySet = Grant.objects.open()
    return open_grants.filter(Q(user__in=mine) | Q(group__in=groups))


def touched(resource: Resource) -> list[Resource]:
    """It, all that lies in it, and all that was made from any of these."""
    found, layer = {resource.pk}, [resource.pk]
    while layer:
        next_ones = Resource.objects.filter(Q(ancestors__overlap=layer) | Q(sources__overlap=layer))
        layer = [pk for pk in next_ones.values_list("pk", flat=True) if pk not in found]
        found |= set(layer)
    return list(Resource.objects.filter(pk__in=found))


def require_known_agreements(slugs: list[str]) -> None:
    known = Agreement.objects.filter(slug__in=slugs).values_list("slug", flat=True)
    if unknown := sorted(set(slugs) - set(known)):
        names = ", ".join(Agreement.objects.values_list("slug", flat=True)) or "none"
        raise ValidationError(
            {"required_agreements": f"No agreement {', '.join(unknown)}. Known: {names}."}
        )


def require_not_held(by: User, role: Role) -> None:
    """Changing a role changes what its holders may do, and so oneself."""
    if grants_on_side(by).filter(role=role).exists():
        raise OwnSide(f"You hold {role}, yourself or through a group: ask a second person.")


def require_ceiling(
    by: User, role: Role, resource: Resource, purpose: str, expires_at: datetime | None
) -> None:
    """A giver holds what they give, for that purpose and as long; or so holds a role that lists it
    as grantable."""
    mine = held_over(by, resource)
    as_far = mine.filter(
        Q(expires_at=None) if expires_at is None else ~Q(expires_at__lt=expires_at),
        purpose__in=["", purpose],
    )
    if lists(as_far, role):
        return
    if not lists(mine, role):
        require_holding(by, role, resource)
    held = RolePermission.objects.filter(closed_at=None, role__in=as_far.values("role"))
    missing = role.codenames() - set(held.values_list("codename", flat=True))
    if missing or role.slug in LISTED_ONLY:
        raise OwnSide(
            f"What you hold here does not reach that far ({in_words(mine)}): choose an end and a"
            " purpose within it, or ask somebody who holds more."
        )


def held_over(by: User, resource: Resource) -> GrantQuerySet:
    """What they hold there now, by which they may give."""
    mine = Grant.objects.live().of(by).over(resource).filter(covering(resource.number))
    return mine.filter(effect=Grant.Effect.ALLOW)


def lists(grants: GrantQuerySet, role: Role) -> bool:
    return grants.filter(role__may_give__role=role).exists()


def require_holding(by: User, role: Role, resource: Resource) -> None:
    if role.slug in LISTED_ONLY:
        raise OwnSide(f"{role} is given by those whose role lists it: ask an admin.")
    asked = [decision.decide(by, permission, resource) for permission in sorted(role.codenames())]
    if missing := [each for each in asked if not each.allowed]:
        what = ", ".join(each.permission for each in missing)
        why = decision.WORDS[missing[0].reason].lower()
        raise OwnSide(f"You do not hold {what} here ({why}), so you cannot give {role}.")


def in_words(grants: GrantQuerySet) -> str:
    """What, for what and until when: as its holder reads it in a refusal."""
    found = []
    for grant in grants.select_related("role").order_by("opened_at"):
        purpose = f" for {grant.get_purpose_display()}" if grant.purpose else ""
        end = f" until {grant.expires_at:%Y-%m-%d %H:%M} UTC" if grant.expires_at else ""
        found.append(f"{grant.role}{purpose}{end}")
    return "; ".join(found)


def require_protected(role: Role) -> None:
    if role.built_in:
        raise ValidationError(f"{role} is built in: make a role of your own instead.")


def require_narrower(role: Role, wanted: frozenset[str]) -> None:
    """What was given, asked for and approved as this role never grows behind their backs."""
    if more := sorted(wanted - role.codenames()):
        raise ValidationError(
            {"permissions": f"A role only narrows. Make another one that has {', '.join(more)}."},
            code="conflict",
        )


def require_deniable(by: User, role: Role, subject: User | Group, resource: Resource) -> None:
    """A deny blocks the use of data; it never blinds or disarms those who oversee it."""
    if oversight := sorted(role.codenames() & OVERSIGHT):
        raise ValidationError(
            {"role": f"A deny is about data: {role} also holds {', '.join(oversight)}."}
        )
    if decision.allowed(by, Permission.MANAGE_POLICIES, decision.site()):
        return
    above = Grant.objects.live().filter(
        resource__in=resource.ancestors,
        effect=Grant.Effect.ALLOW,
        role__permissions__codename__in=OVERSIGHT,
        role__permissions__closed_at=None,
    )
    members = Membership.objects.current().filter(group__in=above.values("group"))
    watching = Q(pk__in=above.values("user")) | Q(pk__in=members.values("user"))
    meant = (
        Q(pk=subject.pk)
        if isinstance(subject, User)
        else Q(pk__in=Membership.objects.current().filter(group=subject).values("user"))
    )
    if User.objects.filter(watching).filter(meant).exists():
        raise OwnSide(f"{subject} oversees this from above: only an admin can deny them here.")


def require_any_purpose(purpose: str) -> None:
    """A deny is asked of before any purpose is."""
    if purpose:
        raise ValidationError({"purpose": "A deny holds for every purpose: leave it out."})


def require_fitting(resource: Resource, purpose: str) -> None:
    barred = resource.standing.barred
    if purpose in barred:
        known = ", ".join(p for p in Purpose.values if p not in barred) or "none of these"
        raise ValidationError({"purpose": f"Not permitted here. Permitted: {known}."})


def is_privacy_officer(by: User, resource: Resource) -> bool:
    held = Grant.objects.live().of(by).over(resource).filter(role__slug="privacy-officer")
    return held.filter(effect=Grant.Effect.ALLOW).exists()


def require_privacy_officer(by: User, resource: Resource) -> None:
    if not is_privacy_officer(by, resource):
        raise OwnSide(
            "This would protect it less (classification, categories, bases, purposes, or use after"
            " a withdrawal): that is for the privacy officer."
        )


def require_new(wanted: Grant, *, instead_of: Grant | None = None) -> None:
    """One access, one grant: else revoking it would leave its twin. Side by side, in time or in
    versions, is no twin. What is narrowed gives less, so that is never refused for one."""
    alike = ("role", "user", "group", "resource", "effect", "purpose")
    twins = Grant.objects.open().filter(**{name: getattr(wanted, name) for name in alike})
    twins = twins.filter(Q(expires_at=None) | Q(expires_at__gt=wanted.starts_at))
    if wanted.expires_at is not None:
        twins = twins.filter(starts_at__lt=wanted.expires_at)
    if wanted.first_version is not None:
        twins = twins.filter(Q(last_version=None) | Q(last_version__gte=wanted.first_version))
    if wanted.last_version is not None:
        twins = twins.filter(Q(first_version=None) | Q(first_version__lte=wanted.last_version))
    if instead_of is not None:
        twins = twins.exclude(pk=instead_of.pk)
    twin = twins.first()
    if twin is None:
        return
    held, hint = HELD[Grant.Effect(twin.effect)]
    bounds = f" ({twin.versions})" if twin.versions else ""
    raise ValidationError(
        f"{twin.subject} {held} {twin.role} here already{bounds}: {hint}, grant {twin.pk}.",
        code="conflict",
    )


HELD = {
    Grant.Effect.ALLOW: ("holds", "extend or revoke that one"),
    Grant.Effect.DENY: ("is denied", "lift that deny first"),
}


def require_start(starts_at: datetime | None) -> None:
    """Nothing is given for a time that has passed: no record says so afterwards."""
    if starts_at is not None and starts_at < timezone.now() - CLOCKS:
        raise ValidationError(
            {"starts_at": "This start lies in the past: leave it out to start now."}
        )


def require_window(starts_at: datetime | None, expires_at: datetime | None) -> None:
    now = timezone.now()
    if expires_at is not None and expires_at <= now:
        raise ValidationError({"expires_at": "This end lies in the past: choose a later one."})
    if starts_at is not None and expires_at is not None and expires_at <= starts_at:
        raise ValidationError({"expires_at": "It would end before it starts: choose a later end."})


def require_reach(
    resource: Resource, first: int | None, last: int | None, new_versions: str
) -> None:
    """A range is about the versions of a dataset or model, and says what a later one means."""
    if first is None:
        if last is not None or new_versions:
            raise ValidationError({"first_version": "Say where the range begins."})
        return
    if resource.kind not in (Kind.DATASET, Kind.MODEL):
        raise ValidationError({"first_version": "Only a dataset or model has versions to choose."})
    if first < 1 or (last is not None and last < first):
        raise ValidationError({"last_version": "The range ends before it begins."})
    if (last is None) != (new_versions == Grant.NewVersions.INHERIT):
        raise ValidationError(
            {"new_versions": "Without a last version: inherit. With one: ask or block."}
        )


def require_less(grant: Grant, *, expires_at: datetime | None, purpose: str, reach: Any) -> None:
    """Every part the same or narrower, and one of them narrower."""
    before, after = span(grant), Span(reach.first, reach.last, reach.new_versions)
    if (grant.expires_at, grant.purpose, before) == (expires_at, purpose, after):
        raise ValidationError("This changes nothing: choose an earlier end, a purpose or versions.")
    if grant.expires_at is not None and (expires_at is None or expires_at > grant.expires_at):
        raise ValidationError({"expires_at": "That is later than its end: extend it instead."})
    if grant.purpose and purpose != grant.purpose:
        raise ValidationError({"purpose": "It is for another purpose: give another grant."})
    if not before.covers(after):
        raise ValidationError({"first_version": "That reaches more versions: extend it instead."})


def require_more(grant: Grant, *, expires_at: datetime | None, reach: Any) -> None:
    """Every part the same or wider, and one of them wider: what takes away is no extension."""
    before, after = span(grant), Span(reach.first, reach.last, reach.new_versions)
    if (grant.expires_at, before) == (expires_at, after):
        raise ValidationError("This changes nothing: choose a later end or more versions.")
    if expires_at is not None and (grant.expires_at is None or expires_at < grant.expires_at):
        raise ValidationError({"expires_at": "That is earlier than its end: narrow it instead."})
    if not after.covers(before):
        raise ValidationError({"first_version": "That reaches fewer versions: narrow it instead."})


class Span(NamedTuple):
    """The versions that a grant reaches; without a first one all, and what they lie in."""

    first: int | None
    last: int | None
    new_versions: str

    def covers(self, other: Span) -> bool:
        if self.first is None:
            return True
        return (
            other.first is not None
            and self.first <= other.first
            and (self.last or inf) >= (other.last or inf)
            and (self.new_versions != Grant.NewVersions.BLOCK or other.new_versions == "block")
        )


def span(grant: Grant) -> Span:
    return Span(grant.first_version, grant.last_version, grant.new_versions)


def require_active(subject: User | Group) -> None:
    if isinstance(subject, User) and not subject.is_live:
        raise ValidationError({"user": f"{subject} is deactivated: reactivate them first."})


def require_key_limits(key: ApiKey, by: User) -> None:
    """Known scopes, a near end, and never more than the key it was made with."""
    unknown = sorted(set(key.scopes) - set(Permission.values))
    if unknown:
        known = ", ".join(Permission.values)
        raise ValidationError({"scopes": f"Unknown scope {', '.join(unknown)}. Known: {known}."})
    if not key.scopes:
        raise ValidationError({"scopes": "Name at least one scope."})
    days = MAX_KEY_DAYS.get(ApiKey.Kind(key.kind), 1)
    if key.expires_at > timezone.now() + timedelta(days=days, minutes=1):
        raise ValidationError({"expires_at": f"At most {days} days for this kind of key."})
    if key.expires_at <= timezone.now():
        raise ValidationError({"expires_at": "This end lies in the past: choose a later one."})
    require_not_wider(key, by.credential)


def require_not_wider(key: ApiKey, parent: ApiKey | None) -> None:
    if parent is None:
        return
    if set(key.scopes) - set(parent.scopes):
        raise OwnSide("A key makes no key with more scopes than its own.")
    if key.expires_at > parent.expires_at:
        raise OwnSide("A key makes no key that outlives it.")
    if parent.within_id is not None and key.within_id != parent.within_id:
        raise OwnSide("A key makes no key with a wider reach than its own.")
