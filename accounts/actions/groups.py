"""Groups and who is in them; leaving closes the membership, so the past stays a query."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import rules
from accounts.decision import check, site
from accounts.models import Membership, User
from accounts.permissions import Permission
from audit.acts import action
from audit.models import Event
from audit.plain import plain_line


def clean(group: Group) -> None:
    """Django's own model, held to what holds for ours."""
    group.full_clean()
    try:
        plain_line(group.name)
    except ValidationError as error:
        raise ValidationError({"name": error}) from None


@action("group.create")
def create(*, name: str, by: User) -> Group:
    check(by, Permission.MANAGE_PEOPLE, site())
    group = Group(name=name)
    clean(group)
    group.save()
    return group


@action("group.rename")
def rename(group: Group, *, name: str, by: User) -> Group:
    check(by, Permission.MANAGE_PEOPLE, site())
    group.name = name
    clean(group)
    group.save()
    return group


@action("group.add_member", Event.Class.AUTHORIZATION)
def add_member(group: Group, user: User, *, by: User) -> Membership:
    check(by, Permission.MANAGE_PEOPLE, site())
    rules.require_other_side(by, user)
    rules.require_active(user)
    if Membership.objects.current().filter(user=user, group=group).exists():
        reason = ValidationError(f"{user} is in {group} already.", code="conflict")
        raise ValidationError({"user": reason})
    membership = Membership(user=user, group=group)
    membership.save()
    return membership


@action("group.remove_member", Event.Class.AUTHORIZATION)
def remove_member(group: Group, user: User, *, by: User) -> Membership:
    """Not oneself either: leaving a group sheds what denies it."""
    check(by, Permission.MANAGE_PEOPLE, site())
    rules.require_other_side(by, user)
    current = Membership.objects.current().filter(user=user, group=group)
    membership = current.select_for_update().first()  # of two who remove, the second finds nobody
    if membership is None:
        raise ValidationError({"user": f"{user} is not in {group}."})
    membership.closed_at = timezone.now()
    membership.save(update_fields=["closed_at"])
    return membership
