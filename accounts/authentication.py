"""Who is calling over REST: an API key (RFC 6750) or the session of the browser."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from accounts import keys
from accounts.models import ApiKey, ApiKeySecret, KeyUse, User
from audit.context import origin

ADDRESS_NAMES = ("api_key", "apikey", "key", "token", "access_token")  # where keys get pasted
REFUSED = "This key is unknown, revoked or expired: issue a new one."


class KeyInAddress(exceptions.APIException):
    status_code = 400
    default_detail = (
        "A key in an address ends up in logs: revoke it, and send the new one as"
        " `Authorization: Bearer <key>`."
    )


class KeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer gth…`; every failure reads the same."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        if any(name in request.GET for name in ADDRESS_NAMES) or keys.FORM.search(
            request.GET.urlencode()
        ):
            raise KeyInAddress
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise exceptions.AuthenticationFailed("Use `Authorization: Bearer <key>`.")
        key = find_key(text.strip())
        if key.kind == ApiKey.Kind.CLIENT:
            raise exceptions.AuthenticationFailed(
                "A client secret is no key: exchange it at /api/v1/oauth/token."
            )
        owner = key.owner
        owner.credential = key
        remember_use(key)
        return owner, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gatehouse"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, CSRF enforced; a missing one asks for a key."""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gatehouse"'


def find_key(text: str) -> ApiKey:
    """The live key behind this text; looked up each time, so that a revoke is seen at once."""
    try:
        token = keys.parse(text)
    except keys.Malformed as error:
        raise exceptions.AuthenticationFailed(str(error)) from None
    now = timezone.now()
    secret = (
        ApiKeySecret.objects.select_related("key__owner")
        .filter(Q(not_after=None) | Q(not_after__gt=now), kid=token.kid, key__kind=token.kind)
        .first()
    )
    expected = bytes(secret.digest) if secret else b""
    given = keys.digest(token, secret.pepper_id if secret else keys.newest_pepper())
    if secret is None or not hmac.compare_digest(expected, given):
        raise exceptions.AuthenticationFailed(REFUSED)
    origin().key = token.kid
    key: ApiKey = secret.key
    if key.status != "active" or not key.owner.is_live:
        raise exceptions.AuthenticationFailed(REFUSED)
    return key


def remember_use(key: ApiKey) -> None:
    """At most once a minute a key; only for people to see which keys are idle."""
    now = timezone.now()
    recent = KeyUse.objects.filter(key=key, last_used_at__gt=now - timedelta(minutes=1))
    if not recent.exists():
        seen: dict[str, Any] = {"last_used_at": now, "address": origin().address}
        KeyUse.objects.update_or_create(key=key, defaults=seen)
