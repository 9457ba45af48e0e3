"""The decision by brute force over plain tuples; it shares nothing with the product."""

from collections.abc import Iterator
from uuid import UUID

from tests.deciding.world import CONTENT, USE, Given, Question, World, live, reaches


def answer(w: World, q: Question) -> tuple[str, UUID | None, str]:
    """Reason, grant, purpose; no reason where no grant gives it."""
    for reason in gates(w, q):
        return reason, None, q.stated
    barred = conditions(w, q.node)[0] if q.permission in USE else set()
    for g in held(w, q, q.permission):
        if (not q.stated or g.purpose in ("", q.stated)) and g.purpose not in barred:
            return "allowed", g.id, q.stated or g.purpose
    return "", None, q.stated


def gates(w: World, q: Question) -> Iterator[str]:  # noqa: C901  one below the other
    person = next(p for p in w.people if p.id == (q.who.answers_to or q.who.id))
    states = [w.nodes[n].state for n in w.chain(q.node)]
    if not (q.who.active and person.active):
        yield "subject_inactive"
    if key := q.key:
        wrong = {"unknown": key.owner != q.who.id, "revoked": key.revoked,
                 "expired": key.expires <= q.at, "scope": q.permission not in key.scopes,
                 "restriction": key.within not in (None, *w.chain(q.node))}  # fmt: skip
        yield from (f"key_{why}" for why, holds in wrong.items() if holds)
    if q.permission in USE:
        yield from (f"resource_{s}" for s in states if s in ("withdrawn", "retired"))
    if held(w, q, q.permission, deny=True):
        yield "deny_grant"
    if q.permission in USE:
        barred, required = conditions(w, q.node)
        if q.stated in barred:
            yield "purpose_not_permitted"
        mine = [(a, window) for user, a, window in w.signed if user == person.id]
        if lacking := required - {a for a, window in mine if live(window, q.at)}:
            yield "agreement_expired" if lacking & {a for a, _ in mine} else "agreement_missing"
    if q.permission in CONTENT and {"draft", "pending"} & {*states} and not held(w, q, "edit"):
        yield "resource_draft"


def held(w: World, q: Question, permission: str, deny: bool = False) -> list[Given]:
    """Their own before their groups', the nearest, the oldest."""
    groups = {g for user, g, window in w.members if user == q.who.id and live(window, q.at)}
    return [g for *_, g in sorted(
        (g.user is None, depth, g.opened, g.id, g) for g in w.grants
        for depth, n in enumerate(w.chain(q.node)) if n in reaches(w, g) and g.open
        and (g.user == q.who.id or g.group in groups) and permission in w.roles[g.role]
        and g.deny == deny and live(g.window, q.at) and (deny or not g.suspended))]  # fmt: skip


def conditions(w: World, node: int) -> tuple[set[str], set[str]]:
    """Purposes barred and agreements required here, above, and by what that was made from."""
    found = [w.nodes[node]]
    for n in found:
        found += [w.nodes[i] for i in (*n.above, *n.sources) if w.nodes[i] not in found]
    return {p for n in found for p in n.barred}, {a for n in found for a in n.agreements}
