"""Aliases: what a foreign type and action mean here."""

from __future__ import annotations

from accounts.decision import check, site
from accounts.models import User
from accounts.permissions import Permission
from audit.acts import action
from gateway import lookup, rules
from gateway.models import Alias
from gateway.permissions import GUARDED


@action("alias.add")
def add(
    *,
    resource_type: str,
    action: str,
    kind: str,
    permission: str,
    address: str = "{id}",
    by: User,
) -> Alias:
    check(by, Permission.MANAGE_POLICIES, site())
    alias = Alias(
        resource_type=resource_type,
        action=action,
        kind=kind,
        permission=permission,
        address=address,
    )
    alias.full_clean()
    rules.require_address(alias)
    rules.require_no_door(by, [alias.permission], alias.address)
    alias.save()
    return alias


@action("alias.remove")
def remove(alias: Alias, *, by: User) -> None:
    """The foreign name means nothing from now on: it is denied. Ours means again what it says."""
    check(by, Permission.MANAGE_POLICIES, site())
    if native := lookup.native(alias.resource_type, alias.action):
        rules.require_no_door(by, {native.permission} & {*GUARDED}, native.address)
    alias.delete()
