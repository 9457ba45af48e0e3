"""allauth's seams: what it writes goes through our actions, sign-up is closed."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.actions import passwords, sessions
from accounts.lockout import account_of
from accounts.models import User
from audit.acts import describe
from audit.context import Act
from audit.models import Event
from audit.refusals import keep
from audit.typed import digest


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        passwords.change(user, password, by=user)

    def login(self, request: HttpRequest, user: User) -> None:
        sessions.open_session(user, by=user)
        super().login(request, user)

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            sessions.close_session(request.user, by=request.user)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Nobody has proved to be anybody: the account that was meant, or a digest of the text."""
        typed, account = account_of(credentials)
        name = account.username if account else digest(typed)
        act = Act("session.open", Event.Class.AUTHENTICATION, Nobody(name))
        act.message = "wrong name or password, or locked out"
        keep(
            describe(act, account)
            | {
                "outcome": Event.Outcome.DENIED,
                "resource_path": "/~people/",
                "data": {"reason": "sign_in_failed"},
            }
        )


class Nobody:
    """An actor that is only a name."""

    pk = None

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name
