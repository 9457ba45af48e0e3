"""Where to ask for what was denied (AuthZEN's access-request profile), and proof that it was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.utils import timezone

from accounts.decision import allowed
from accounts.models import Resource, User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from gateway import queries

# What a new grant would mend; a key, a state, a deny or a condition would stay as they are.
REQUESTABLE = frozenset({"no_grant", "grant_expired", "grant_purpose", "version_not_covered"})
FRESH = timedelta(minutes=10)
SALT = "gateway.denial"
REQUESTS = "/access/v1/requests"


class Unbound(ValueError):
    """Not the proof of a denial of this subject, action and resource."""


class Stale(ValueError):
    """The denial was too long ago: evaluate again."""


def requestable(
    subject: User, permission: str, resource: Resource, reason: str
) -> dict[str, Any] | None:
    """Only where the subject could really ask: it finds the resource, a role is on offer."""
    if reason not in REQUESTABLE or resource.kind == Kind.ROOT:
        return None
    roles = [role.slug for role in queries.requestable(permission)]
    if not roles or not allowed(subject, Permission.DISCOVER, resource):
        return None
    return offer(subject.pk, permission, resource.uid, resource.address, roles)


def offer(
    subject: UUID, permission: str, resource: UUID, address: str, roles: list[str]
) -> dict[str, Any]:
    """Where to ask, for one of these roles, and the proof of the denial."""
    until = timezone.now() + FRESH
    query = urlencode({"resource": address, "role": roles[0]})
    return {
        "endpoint": f"{settings.PUBLIC_URL}{REQUESTS}",
        "template": roles[0],
        "roles": roles,
        "expires_at": until.isoformat(),
        "form_url": f"{settings.PUBLIC_URL}/requests/new/?{query}",
        "binding_token": bind(subject, permission, resource, until),
    }


def bind(subject: UUID, permission: str, resource: UUID, until: datetime) -> str:
    held = [str(subject), str(permission), str(resource), until.timestamp()]
    return signing.dumps(held, salt=SALT)


def require_bound(token: str, subject: User, permission: str, resource: Resource) -> None:
    try:
        *about, until = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise Unbound from None
    if about != [str(subject.pk), str(permission), str(resource.uid)]:
        raise Unbound
    if timezone.now().timestamp() > until:
        raise Stale
