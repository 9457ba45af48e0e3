"""Keys end with what they hung on: their owner, the person behind a service, their secret."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from accounts.models import ApiKey, User


def revoke_keys(keys: Iterable[ApiKey], *, by: User) -> None:
    for key in keys:
        key.revoked_at, key.revoked_by = timezone.now(), by
        key.save(update_fields=["revoked_at", "revoked_by"])
