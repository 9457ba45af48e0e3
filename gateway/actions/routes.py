"""Routes: which request through a proxy needs what."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.decision import check, site
from accounts.models import User
from accounts.permissions import Permission
from audit.acts import action
from gateway import queries, rules
from gateway.models import Route


@action("route.add")
def add(
    *, host: str, methods: Iterable[str], pattern: str, permission: str, address: str, by: User
) -> Route:
    check(by, Permission.MANAGE_POLICIES, site())
    route = Route(
        host=host,
        methods=sorted(set(methods)),
        pattern=pattern,
        permission=permission,
        address=address,
    )
    route.full_clean()
    rules.require_route(route)
    rules.require_unambiguous(route)
    rules.require_no_door(by, [route.permission], route.address)
    route.save()
    return route


@action("route.remove")
def remove(route: Route, *, by: User) -> None:
    """From the next request on, what only this route let through is refused."""
    check(by, Permission.MANAGE_POLICIES, site())
    for next_one in queries.behind(route):
        rules.require_no_door(by, [next_one.permission], next_one.address)
    route.delete()
