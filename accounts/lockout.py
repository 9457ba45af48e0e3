"""Whom a failed sign-in counts against: the account, however its name was spelled."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from accounts.models import User


def account_name(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """django-axes' AXES_USERNAME_CALLABLE."""
    given = credentials or {}
    typed = str(given.get("username") or given.get("email") or given.get("login") or "")
    name = typed.strip().lower().replace("\x00", "")
    found = User.objects.filter(Q(username=name) | Q(email=name) & ~Q(email="")).first()
    return str(found.pk) if found else name[:150]
