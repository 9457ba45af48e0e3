"""The gates of accounts_decide() over what is remembered, with the same answers."""

from __future__ import annotations

from accounts.permissions import CONTENT, USE, Permission
from accounts.point.entries import (
    Bundle,
    Denied,
    Held,
    Key,
    Place,
    Subject,
    Together,
    age,
    following,
)
from accounts.point.loading import BITS

# bit, content?, use?
KINDS = {str(p): (BITS[p], p in CONTENT, p in USE) for p in Permission}
EDIT, REVIEW = BITS[Permission.EDIT], BITS[Permission.REVIEW]
NOTHING: frozenset[str] = frozenset()


def refused_key(key: Key, who: Subject, bit: int, at: int) -> str | None:
    if key.owner != who.id:
        return "key_unknown"
    if key.revoked:
        return "key_revoked"
    if key.expires <= at:
        return "key_expired"
    return None if key.scopes & bit else "key_scope"


def is_denied(together: Together, place: Place, bit: int, at: int) -> bool:
    return any(
        denies(deny, place.number, bit, at)
        for bundle in together.denied
        for node in place.chain
        for deny in bundle.denied.get(node, ())
    )


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


def edits(bundles: tuple[Bundle, ...], chain: tuple[int, ...], at: int) -> bool:
    """Who may edit sees drafts, whatever the purpose of the grant."""
    return any(
        grant[0] & EDIT and grant[1] <= at and (grant[2] is None or grant[2] > at)
        for bundle in bundles
        if bundle.mask & EDIT
        for node in chain
        for grant in following(bundle.held.get(node))
    )


def given(
    together: Together, place: Place, bit: int, stated: str, use: bool, at: int
) -> Held | bool:
    """The subject's own, then the groups'; nearest first, then the oldest. Without one: is there
    a grant whose time, purpose, range or suspension has to be looked at?"""
    barred = place.barred if use else NOTHING
    mine = together.own
    own = mine.mask & bit and nearest((mine.held,), place.chain, bit, stated, barred, at)
    if own and own is not True:
        return own
    found = nearest(together.shelves, place.chain, bit, stated, barred, at)
    if found or own:
        return found or True
    return bool(together.near) and any(
        bundle.near.get(node, 0) & bit for bundle in together.near for node in place.chain
    )


def nearest(
    shelves: tuple[dict[int, Held], ...],
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
            if node in held:
                grant = oldest(held[node], bit, stated, barred, at)
                if isinstance(grant, bool):
                    nearly = nearly or grant
                elif found is None or age(grant) < age(found):
                    found = grant
        if found is not None:
            return found
    return nearly


def oldest(
    grant: Held | None, bit: int, stated: str, barred: frozenset[str], at: int
) -> Held | bool:
    nearly = False
    while grant is not None:
        if grant[0] & bit:
            if fits(grant, stated, barred, at):
                return grant
            nearly = True
        grant = grant[7]
    return nearly


def fits(grant: Held, stated: str, barred: frozenset[str], at: int) -> bool:
    end, purpose = grant[2], grant[6]  # no more of it: the rest is seldom near
    if grant[1] > at or (end is not None and end <= at):
        return False
    return (not stated or not purpose or purpose == stated) and purpose not in barred
