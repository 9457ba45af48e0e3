"""The gates of accounts_decide() over what is remembered, with the same answers."""

from __future__ import annotations

from uuid import UUID

from accounts.permissions import CONTENT, USE, Permission
from accounts.point.entries import Bundle, Denied, Held, Key, Place, Subject
from accounts.point.loading import BITS

# bit, content?, use?
KINDS = {str(p): (BITS[p], p in CONTENT, p in USE) for p in Permission}
EDIT = BITS[Permission.EDIT]
NOTHING: frozenset[str] = frozenset()


def refused_key(key: Key, subject: UUID, bit: int, at: int) -> str | None:
    if key.owner != subject:
        return "key_unknown"
    if key.revoked:
        return "key_revoked"
    if key.expires <= at:
        return "key_expired"
    return None if key.scopes & bit else "key_scope"


def is_denied(bundles: list[Bundle], place: Place, bit: int, at: int) -> bool:
    for bundle in bundles:
        if bundle.denied:
            for node in place.chain:
                for deny in bundle.denied.get(node, ()):
                    if denies(deny, place.number, bit, at):
                        return True
    return False


def denies(deny: Denied, number: int | None, bit: int, at: int) -> bool:
    mask, start, end, first, last = deny
    if not mask & bit or start > at or (end is not None and end <= at):
        return False
    if first is None:
        return True
    return number is not None and first <= number and (last is None or number <= last)


def lacking(person: Subject, agreements: tuple[str, ...], at: int) -> str | None:
    missing = [slug for slug in agreements if not is_signed(person, slug, at)]
    if not missing:
        return None
    past = any(slug in person.signed for slug in missing)
    return "agreement_expired" if past else "agreement_missing"


def is_signed(person: Subject, slug: str, at: int) -> bool:
    times = person.signed.get(slug, ())
    return any(start <= at and (end is None or end > at) for start, end in times)


def edits(bundles: list[Bundle], chain: tuple[int, ...], at: int) -> bool:
    """Who may edit sees drafts, whatever the purpose of the grant."""
    return any(
        grant[0] & EDIT and grant[1] <= at and (grant[2] is None or grant[2] > at)
        for bundle in bundles
        if bundle.mask & EDIT
        for node in chain
        for grant in bundle.held.get(node, ())
    )


def given(
    bundles: list[Bundle], place: Place, bit: int, stated: str, use: bool, at: int
) -> Held | bool:
    """The subject's own, then the groups'; nearest first, then the oldest. Without one: is there
    a grant whose time, purpose, range or suspension has to be looked at?"""
    barred = place.barred if use else NOTHING
    own: Held | bool = False
    if bundles[0].mask & bit:
        own = nearest([bundles[0].held], place.chain, bit, stated, barred, at)
        if not isinstance(own, bool):
            return own
    shelves = [bundle.held for bundle in bundles[1:] if bundle.mask & bit]
    found = nearest(shelves, place.chain, bit, stated, barred, at) if shelves else False
    if found is False:
        return own or any(
            bundle.near.get(node, 0) & bit
            for bundle in bundles
            if bundle.near
            for node in place.chain
        )
    return found


def nearest(
    shelves: list[dict[int, tuple[Held, ...]]],
    chain: tuple[int, ...],
    bit: int,
    stated: str,
    barred: frozenset[str],
    at: int,
) -> Held | bool:
    """Or whether there was one that does not fit."""
    nearly = False
    for node in chain:
        found: Held | None = None
        for held in shelves:
            for grant in held.get(node, ()):
                if not grant[0] & bit:
                    continue
                if fits(grant, stated, barred, at):
                    if found is None or grant[3:5] < found[3:5]:
                        found = grant
                    break  # the oldest comes first
                nearly = True
        if found is not None:
            return found
    return nearly


def fits(grant: Held, stated: str, barred: frozenset[str], at: int) -> bool:
    _, start, end, _, _, _, purpose = grant
    if start > at or (end is not None and end <= at):
        return False
    return (not stated or not purpose or purpose == stated) and purpose not in barred
