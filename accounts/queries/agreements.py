"""Agreements are known to everybody; who has signed which, to those concerned."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.decision import allowed, site
from accounts.models import Agreement, Resource, Signature, User
from accounts.permissions import Permission
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
    person = user.service_account.owner if user.kind == User.Kind.SERVICE else user
    signed = Signature.objects.live().filter(user=person).values("agreement")
    required = Agreement.objects.filter(slug__in=resource.standing.agreements)
    return list(required.exclude(pk__in=signed))
