"""Where to ask for what was denied (AuthZEN's access-request profile), and proof that it was."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.decision import allowed
from accounts.models import Resource, Role, User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from gateway import queries

# What a new grant would mend; a key, a state, a deny or a condition would stay as they are.
REQUESTABLE = frozenset({"no_grant", "grant_expired", "grant_purpose", "version_not_covered"})
FRESH = timedelta(minutes=10)
SALT = "gateway.denial"
REQUESTS = "/access/v1/requests"
NOTHING = UUID(int=0)


class Unbound(ValueError):
    """Not the proof of a denial of this subject, action and resource."""


class Stale(ValueError):
    """The denial was too long ago: evaluate again."""


def requestable(
    subject: User,
    permission: str,
    resource: Resource,
    reason: str,
    on_offer: Callable[[str], list[Role]] = queries.requestable,
) -> dict[str, Any] | None:
    """Only where the subject could really ask: it finds the resource, a role is on offer."""
    if reason not in REQUESTABLE or resource.kind == Kind.ROOT:
        return None
    roles = [role.slug for role in on_offer(permission)]
    if not roles or not allowed(subject, Permission.DISCOVER, resource):
        return None
    return offer(subject.pk, permission, resource.uid, resource.address, roles)


def offer(
    subject: UUID, permission: str, resource: UUID, address: str, roles: list[str]
) -> dict[str, Any]:
    """Where to ask, for one of these roles, and the proof of the denial."""
    until = timezone.now() + FRESH
    return {
        "endpoint": f"{settings.PUBLIC_URL}{REQUESTS}",
        "template": roles[0],
        "roles": roles,
        "expires_at": until.isoformat(),
        "form_url": f"{settings.PUBLIC_URL}/requests/new/"
        f"?resource={quote(address)}&role={quote(roles[0])}",
        "binding_token": bind(subject, permission, resource, f"{until.timestamp():.6f}"),
    }


def bind(subject: UUID, permission: str, resource: UUID, until: str) -> str:
    """Until when, in seconds of the epoch, and our word for all of it (HMAC-SHA-256)."""
    about = f"{subject} {permission} {resource} {until}"
    return f"{until}~{hmac.digest(secret(settings.SECRET_KEY), about.encode(), 'sha256').hex()}"


@lru_cache(1)
def secret(key: str) -> bytes:
    """As Django derives one for a salt; once, since it is half of the work."""
    return hashlib.sha256(f"{SALT}{key}".encode()).digest()


def require_bound(
    token: str, subject: User | None, permission: str, resource: Resource | None
) -> None:
    """Nobody and nothing were never denied: a stand-in makes that as much work, and no proof."""
    if not token.isascii():
        raise Unbound  # half of a surrogate pair has no bytes that could be signed
    until = token.partition("~")[0]
    who, where = subject.pk if subject else NOTHING, resource.uid if resource else NOTHING
    proven = constant_time_compare(token, bind(who, permission, where, until))
    if not (proven and subject and permission and resource):
        raise Unbound
    if timezone.now().timestamp() > float(until):
        raise Stale
