"""The decision as lists: who may do this here, what may they do it to."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.many import key_of, kind_of
from accounts.models import Resource, User
from accounts.models.vocabulary import Kind
from accounts.statements import WHAT_CAN, WHO_CAN, rows

MOST = 1000  # a page


class Who(NamedTuple):
    id: UUID
    username: str


def who_can(resource: Resource, permission: str, *, after: str = "", limit: int = 25) -> list[Who]:
    """People and services by user name, after this one; through their groups too."""
    asked = [*kind_of(permission), resource.pk, after, min(limit, MOST), timezone.now()]
    return [Who(*row) for row in rows(WHO_CAN, *asked)]


def what_can(
    subject: User, permission: str, *, kind: str = "", after: int = 0, limit: int = 25
) -> list[int]:
    """Ids of resources in their order, after this one. A page costs the same wherever it starts."""
    kinds = [kind] if kind else Kind.values
    asked = [subject.pk, *kind_of(permission), kinds, after, min(limit, MOST)]
    return [row[0] for row in rows(WHAT_CAN, *asked, key_of(subject), timezone.now())]


def what_now(subject: User, permission: str, kind: str = "") -> QuerySet[Resource]:
    """What `what_could` says of this moment, sooner: from the rows. Without a key, too."""
    found: QuerySet[Resource] = User(pk=subject.pk).visible(Resource, permission)
    return (found.filter(kind=kind) if kind else found).order_by("path")
