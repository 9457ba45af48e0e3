"""Agreements are known to everybody; who has signed which, to those concerned."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.decision import allowed, site
from accounts.models import Agreement, Resource, Signature, User
from accounts.permissions import Permission
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


def recorders(user: User) -> QuerySet[User]:
    """Whom to ask for a signature to be recorded: somebody else, who may."""
    may = who_could(site(), Permission.MANAGE_POLICIES)
    return may.filter(kind=User.Kind.HUMAN).exclude(pk=user.pk)
