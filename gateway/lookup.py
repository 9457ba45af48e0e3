"""The names of questions, those of a batch by one statement a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model

from accounts.models import Resource, User
from accounts.models.vocabulary import Kind, as_uuid
from accounts.permissions import Permission
from audit.queries import as_path
from gateway.models import Alias
from gateway.wire import findable

M = TypeVar("M", bound=Model)
SUBJECT_KINDS = {"user": User.Kind.HUMAN, "service": User.Kind.SERVICE}
NATIVE = {Kind.PROJECT, Kind.DATASET, Kind.MODEL, Kind.VERSION}


def rows(model: type[M], field: str, values: Collection[Any]) -> dict[Any, M]:
    if not values:
        return {}
    found = model._default_manager.filter(**{f"{field}__in": list(values)})
    return {getattr(row, field): row for row in found}


def by_either(
    model: type[M], field: str, uid: str, sought: Iterable[str | UUID]
) -> dict[str | UUID, M]:
    wanted = set(sought)
    uids = {one for one in wanted if isinstance(one, UUID)}
    return rows(model, uid, uids) | rows(model, field, wanted - uids)


def subjects(asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], User | None]:
    """By user name; by uuid alone whatever can be read as one."""
    sought = {
        (kind, name): as_uuid(name) or name
        for kind, name in asked
        if kind in SUBJECT_KINDS and findable(name)
    }
    people = by_either(User, "username", "pk", sought.values())
    found: dict[tuple[str, str], User | None] = dict.fromkeys(asked)
    for (kind, name), key in sought.items():
        who = people.get(key)
        found[kind, name] = who if who and who.kind == SUBJECT_KINDS[kind] else None
    return found


def resources(asked: Collection[tuple[Alias, str]]) -> dict[tuple[Alias, str], Resource | None]:
    """By uuid or address; a foreign id becomes an address by the alias."""
    sought = {(means, name): key(means, name) for means, name in asked if findable(name)}
    places = by_either(Resource, "path", "uid", sought.values())
    found: dict[tuple[Alias, str], Resource | None] = dict.fromkeys(asked)
    for (means, name), wanted in sought.items():
        place = places.get(wanted)
        found[means, name] = place if place and place.kind == means.kind else None
    return found


def key(means: Alias, name: str) -> str | UUID:
    uid = as_uuid(name) if means.address == "{id}" else None
    return uid or as_path(means.address.replace("{id}", name))


def meanings(asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Alias | None]:
    """The alias that was written down, or what our own words mean by themselves."""
    found: dict[tuple[str, str], Alias | None] = dict.fromkeys(asked)
    named = [pair for pair in asked if all(map(findable, pair))]
    types, actions = {one for one, _ in named}, {one for _, one in named}
    written = Alias.objects.filter(resource_type__in=types, action__in=actions) if named else ()
    aliases = {(alias.resource_type, alias.action): alias for alias in written}
    for pair in named:
        found[pair] = aliases.get(pair) or native(*pair)
    return found


def native(resource_type: str, action: str) -> Alias | None:
    if resource_type not in NATIVE or action not in set(Permission):
        return None
    return Alias(resource_type=resource_type, action=action, kind=resource_type, permission=action)


def types(asked: Collection[str]) -> dict[str, bool]:
    """Is there any such type?"""
    foreign = {one for one in asked if one not in NATIVE and findable(one)}
    written = Alias.objects.filter(resource_type__in=foreign) if foreign else Alias.objects.none()
    known = NATIVE.union(written.values_list("resource_type", flat=True))
    return {one: one in known for one in asked}
