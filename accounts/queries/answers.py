"""The decision as lists: who may do this here, what may they do it to, what may they do."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from accounts.models import Resource, User
from accounts.models.resources import permission_id
from accounts.models.vocabulary import Kind
from accounts.permissions import CONTENT, USE, Permission
from accounts.statements import ACTIONS_OF, WHAT_CAN, WHO_CAN, rows

MOST = 1000  # a page


class Who(NamedTuple):
    id: UUID
    username: str


def kind_of(permission: str) -> tuple[int, str, bool, bool, int]:
    edit = permission_id(Permission.EDIT)
    asked = str(permission)
    return permission_id(asked), asked, asked in CONTENT, asked in USE, edit


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


def actions_of(subject: User, resource: Resource, *, at: datetime | None = None) -> list[str]:
    """Every permission that this subject holds here, now."""
    every = [kind_of(permission) for permission in Permission]
    permissions, codenames, contents, uses, edits = zip(*every, strict=True)
    lists = [list(each) for each in (permissions, codenames, contents, uses)]
    asked = [subject.pk, resource.pk, *lists, edits[0], key_of(subject), at or timezone.now()]
    return [row[0] for row in rows(ACTIONS_OF, *asked)]


def key_of(subject: User) -> UUID | None:
    return subject.credential.pk if subject.credential is not None else None
