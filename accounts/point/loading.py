"""From the database into memory: one statement an entry, its stamp read before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from operator import or_
from sys import intern
from typing import Any
from uuid import UUID

from accounts.models.resources import permission_id
from accounts.permissions import Permission
from accounts.point.entries import Bundle, Held, Key, Name, Place, Secret, Subject, age
from accounts.statements import (
    ADDRESS,
    BY_KID,
    GROUP,
    KEY,
    NAME,
    PLACE,
    SUBJECT,
    UID,
    array,
    binary,
)

MOST = 20_000  # grants of one subject or group; more of them are left to the database
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BITS: dict[str, int] = {str(permission): 1 << n for n, permission in enumerate(Permission)}
BYTES, BYTES_A_GRANT = 400, 320  # of an entry by itself, and of each grant in it: measured


@cache
def bits() -> str:
    """The database's ids of permissions in the order of the bits."""
    return array(permission_id(permission) for permission in Permission)


def moment(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


def subject(uid: int, slot: int, stamp: int, at: int) -> Subject:
    row = binary(SUBJECT, UUID(int=uid), bits(), MOST + 1, moment(at))
    known, person, member_of, joined, left, signed, signed_from, signed_to, *held = row
    found = Subject(slot, stamp, at, BYTES, id=UUID(int=uid), known=known, person=person)
    found.groups = tuple(zip(member_of or (), joined or (), left or (), strict=True))
    for slug, start, end in zip(signed or (), signed_from or (), signed_to or (), strict=True):
        found.signed.setdefault(slug, []).append((start, end))
    fill(found, *held)
    return found


def group(number: int, slot: int, stamp: int, at: int) -> Bundle:
    found = Bundle(slot, stamp, at, BYTES)
    fill(found, *binary(GROUP, number, bits(), MOST + 1, moment(at)))
    return found


def fill(found: Bundle, nodes: Any, *rest: Any) -> None:
    *grants, rare, number = rest
    if nodes is None:
        nodes, grants = (), [()] * len(grants)
    if max(len(nodes), number) > MOST:
        found.whole = False
        return
    grants[-2:] = (map(intern, words) for words in grants[-2:])  # few, and repeated
    given = list(zip(nodes, zip(*grants, [None] * len(nodes), strict=True), strict=True))
    found.held = dict(given)
    if len(found.held) < len(given):
        found.held = linked(given)
    found.mask = reduce(or_, grants[0], 0)
    for effect, node, mask, *span in rare or ():
        if effect == "deny":
            found.denied[node] = (*found.denied.get(node, ()), (mask, *span))
        else:
            found.near[node] = found.near.get(node, 0) | mask
    found.size += BYTES_A_GRANT * (len(nodes) + len(rare or ()))


def linked(given: list[tuple[int, Held]]) -> dict[int, Held]:
    """Where there are several, the oldest first: it is the one that is named."""
    held: dict[int, Held] = {}
    for node, grant in sorted(given, key=lambda one: age(one[1]), reverse=True):
        held[node] = (*grant[:7], held.get(node))
    return held


def place(number: int, slot: int, stamp: int, at: int) -> Place:
    row = binary(PLACE, number)
    if row is None:
        return Place(slot, stamp, at, BYTES)
    ancestors, blocked, hidden, barred, agreements, restricted, version = row
    chain = (number, *reversed(ancestors[2:]), *shared(tuple(reversed(ancestors[:2]))))
    above = shared(frozenset(barred)), shared(tuple(agreements))
    return Place(slot, stamp, at, BYTES, chain, blocked, hidden, *above, restricted, version)


@cache
def shared(conditions: Any) -> Any:
    """One object for all resources that have the same: it is few, and near when it is needed."""
    return conditions


def key(uid: int, slot: int, stamp: int, at: int) -> Key:
    row = binary(KEY, UUID(int=uid))
    if row is None:
        return Key(slot, stamp, at, BYTES)
    owner, kind, revoked, expires, scopes, within = row
    mask = sum(BITS.get(scope, 0) for scope in set(scopes))
    return Key(slot, stamp, at, BYTES, owner, kind, revoked, expires, mask, within)


def secret(kid: str, slot: int, stamp: int, at: int) -> Secret:
    row = binary(BY_KID, kid)
    return Secret(slot, stamp, at, BYTES, *(row or ()))


def address(path: str, slot: int, stamp: int, at: int) -> Name:
    """A path, or a uid."""
    row = binary(ADDRESS, path) if path.startswith("/") else binary(UID, UUID(path))
    return Name(slot, stamp, at, BYTES, *(row or ()))


def username(name: str, slot: int, stamp: int, at: int) -> Name:
    return Name(slot, stamp, at, BYTES, *(binary(NAME, name) or ()))
