"""Passwords: set by their owner only, and upgraded to the newest hash at sign-in."""

from __future__ import annotations

from accounts import mail, rules
from accounts.decision import own
from accounts.models import User
from accounts.permissions import Permission
from audit import context
from audit.acts import action
from audit.models import Event


@action("password.change", Event.Class.AUTHENTICATION)
def change(user: User, password: str, *, by: User) -> User:
    rules.require_self(by, user)
    own(by, Permission.MANAGE_KEYS, by.resource_path)
    user.set_password(password)
    user.save(update_fields=["password"])
    mail.password_changed(user)
    return user


@action("password.rehash", Event.Class.AUTHENTICATION)
def rehash(user: User, password: str, *, by: User) -> User:
    """The same password under today's hash parameters."""
    rules.require_self(by, user)
    own(by, Permission.MANAGE_KEYS, by.resource_path)
    user.set_password(password)
    user.save(update_fields=["password"])
    context.say("same password, newer hash")
    return user
