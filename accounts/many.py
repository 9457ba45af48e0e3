"""Many questions at once, of one subject or of many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from accounts.decision import Decision
from accounts.models import Resource, User
from accounts.models.resources import permission_id
from accounts.permissions import CONTENT, USE, Permission
from accounts.statements import EACH, array, rows


class Asked(NamedTuple):
    subject: User
    permission: str
    resource: Resource
    purpose: str = ""


def decisions(asked: Sequence[Asked], at: datetime | None = None) -> list[Decision]:
    """What `decide` says of each, at one moment (now, or one to come) and by one statement."""
    if not asked:
        return []
    kinds = [kind_of(one.permission) for one in asked]
    permissions, codenames, contents, uses, edits = zip(*kinds, strict=True)
    found = rows(
        EACH,
        array(one.subject.pk for one in asked),
        *map(array, (permissions, codenames, contents, uses)),
        edits[0],
        array(one.resource.pk for one in asked),
        [one.purpose for one in asked],
        array(key_of(one.subject) or "null" for one in asked),
        at or timezone.now(),
    )
    return [
        Decision(
            reason == "allowed", reason, one.permission, one.resource, grant, role or "", meant
        )
        for one, (reason, grant, role, meant) in zip(asked, found, strict=True)
    ]


def kind_of(permission: str) -> tuple[int, str, bool, bool, int]:
    """A permission as the statements want it; the last is that of editing."""
    asked = str(permission)
    edit = permission_id(Permission.EDIT)
    return permission_id(asked), asked, asked in CONTENT, asked in USE, edit


def key_of(subject: User) -> UUID | None:
    return subject.credential.pk if subject.credential is not None else None
