"""Agreements are known to everybody; who has signed which, to those concerned."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.decision import allowed, site
from accounts.models import Agreement, Resource, ServiceAccount, Signature, User
from accounts.permissions import USE, Permission
from accounts.queries.asof import who_could
from accounts.queries.people import sees_people


def agreements(user: User) -> QuerySet[Agreement]:
    return Agreement.objects.all() if user.is_live else Agreement.objects.none()


def signatures(user: User) -> QuerySet[Signature]:
    """One's own; all, to those who record or review."""
    every = Signature.objects.select_related("agreement", "user", "opened_by")
    if allowed(user, Permission.MANAGE_POLICIES, site()) or sees_people(user):
        return every
    return every.filter(user=user)


def missing_agreements(user: User, resource: Resource) -> list[Agreement]:
    """What this resource requires, itself or through what it was made from, and one lacks."""
    return list(required_agreements(resource).exclude(pk__in=signed(user)))


def required_agreements(resource: Resource) -> QuerySet[Agreement]:
    """Of its own and all that it inherits."""
    return Agreement.objects.filter(slug__in=resource.standing.agreements)


def signed(user: User) -> QuerySet[Agreement]:
    """What is signed now by whoever answers for this subject."""
    person = user.service_account.owner if user.kind == User.Kind.SERVICE else user
    live = Signature.objects.live().filter(user=person).values("agreement")
    return Agreement.objects.filter(pk__in=live)


def requiring(user: User, agreement: Agreement) -> QuerySet[Resource]:
    """What asks for it, as far as one may see that."""
    found: QuerySet[Resource] = user.visible(Resource, Permission.DISCOVER)
    return found.filter(required_agreements__contains=[agreement.slug]).order_by("path")


@dataclass(frozen=True)
class Unsigned:
    """Of those who use a resource now, how many would have to sign first."""

    among: int
    count: int
    oneself: bool


def unsigned(user: User, resource: Resource) -> dict[str, Unsigned]:
    """By agreement that is not required yet; the numbers are for those who review the place."""
    if not allowed(user, Permission.REVIEW, resource):
        return {}
    using = {one.pk: one for p in sorted(USE) for one in who_could(resource, p)}
    services = ServiceAccount.objects.filter(user__in=using).values_list("user", "owner")
    answerable = {pk: pk for pk in using} | dict(services)
    required = resource.standing.agreements
    found = {}
    for agreement in Agreement.objects.exclude(slug__in=required):
        live = Signature.objects.live().filter(agreement=agreement)
        signed = set(live.values_list("user", flat=True))
        lacking = {pk for pk, person in answerable.items() if person not in signed}
        found[agreement.slug] = Unsigned(len(using), len(lacking), user.pk in lacking)
    return found


def recorders(user: User) -> QuerySet[User]:
    """Whom to ask for a signature to be recorded: somebody else, who may."""
    may = who_could(site(), Permission.MANAGE_POLICIES)
    return may.filter(kind=User.Kind.HUMAN).exclude(pk=user.pk)
