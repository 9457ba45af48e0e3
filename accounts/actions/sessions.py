"""Opening and closing a session in the browser, as events."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts import rules
from accounts.decision import own
from accounts.models import User
from accounts.permissions import Permission
from audit.acts import action
from audit.models import Event


@action("session.open", Event.Class.AUTHENTICATION)
def open_session(user: User, *, by: User) -> None:
    rules.require_self(by, user)
    own(by, Permission.DISCOVER, by.resource_path, rule="password")
    if not user.is_human:
        raise ValidationError("Services and the system open no session.")


@action("session.close", Event.Class.AUTHENTICATION)
def close_session(user: User, *, by: User) -> None:
    rules.require_self(by, user)
    own(by, Permission.DISCOVER, by.resource_path)
