"""Whom a failed sign-in counts against: the account, however its name was spelled."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest

from accounts.models import User
from audit.typed import digest


def account_of(credentials: dict[str, Any] | None) -> tuple[str, User | None]:
    """What was typed, and whose name or address it is."""
    given = credentials or {}
    typed = str(given.get("username") or given.get("email") or given.get("login") or "")
    name = typed.strip().lower().replace("\x00", "")[:254]
    meant = Q(username=name) | Q(email=name) & ~Q(email="")
    with suppress(ValueError):  # as a client names itself
        meant |= Q(pk=UUID(name))
    return name, User.objects.filter(meant).first()


def account_name(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """django-axes' AXES_USERNAME_CALLABLE: what it keeps and logs is nothing that was typed."""
    name, found = account_of(credentials)
    return str(found.pk) if found else digest(name)
