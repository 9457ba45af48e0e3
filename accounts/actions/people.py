"""Invite, deactivate, reactivate; what people set for themselves."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts import mail, rules
from accounts.decision import check, own, site
from accounts.grants import open_grant
from accounts.keyring import revoke_keys
from accounts.models import ApiKey, Grant, Role, User
from accounts.permissions import Permission
from audit.acts import action
from audit.models import Event


@action("person.invite")
def invite(*, username: str, email: str, name: str = "", by: User) -> User:
    check(by, Permission.MANAGE_PEOPLE, site())
    user = new_person(username, email, name)
    mail.invited(user, by)
    return user


@action("person.create_admin", Event.Class.AUTHORIZATION)
def create_admin(*, username: str, email: str, name: str = "", by: User) -> User:
    """The first admin of an installation; every later one is a grant by an admin."""
    root = site()
    check(by, Permission.MANAGE_PEOPLE, root)
    admin = Role.objects.get(slug="admin")
    if Grant.objects.open().filter(role=admin, user__kind=User.Kind.HUMAN).exists():
        raise ValidationError("There is an admin already: let them invite and grant.")
    user = new_person(username, email, name)
    open_grant(admin, user, root, by=by, reason="first admin")
    return user


def new_person(username: str, email: str, name: str) -> User:
    user = User(username=username, email=email.lower(), name=name)
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    if not email:
        raise ValidationError({"email": "An address is needed: the invitation goes there."})
    user.save()
    # Here, in the act: allauth would make it with the first link, wherever that is asked for.
    EmailAddress(user=user, email=user.email, primary=True).save()
    return user


@action("person.deactivate")
def deactivate(user: User, *, reason: str = "", by: User) -> User:
    """Sign-in, sessions, keys and services of theirs give nothing from the next request on."""
    check(by, Permission.MANAGE_PEOPLE, site())
    if user.kind == User.Kind.SYSTEM:
        raise ValidationError("The system user stays.")
    if user == by:
        raise ValidationError("Ask another admin to deactivate you.")
    user.is_active = False
    user.set_unusable_password()  # ends the sessions, for good: back in by a link to the mailbox
    user.save(update_fields=["is_active", "password"])
    theirs = Q(owner=user) | Q(owner__service_account__owner=user)
    revoke_keys(ApiKey.objects.live().filter(theirs), by=by)
    return user


@action("person.reactivate")
def reactivate(user: User, *, by: User) -> User:
    check(by, Permission.MANAGE_PEOPLE, site())
    rules.require_other_side(by, user)
    user.is_active = True
    user.save(update_fields=["is_active"])
    return user


@action("person.set_preferences")
def set_preferences(user: User, *, theme: str, shortcuts: bool, by: User) -> User:
    rules.require_self(by, user)
    own(by, Permission.DISCOVER, by.resource_path)
    user.theme, user.shortcuts = theme, shortcuts
    user.full_clean(exclude=["password"])
    user.save(update_fields=["theme", "shortcuts"])
    return user


@action("person.set_name")
def set_name(user: User, *, name: str, by: User) -> User:
    rules.require_self(by, user)
    own(by, Permission.DISCOVER, by.resource_path)
    user.name = name
    user.full_clean(exclude=["password"])
    user.save(update_fields=["name"])
    return user
