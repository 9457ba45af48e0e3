"""The decision by brute force over plain tuples; it shares nothing with the product."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.purposes import Purpose
from tests.deciding.world import Credential, Given, Person, Window, World, reaches

CONTENT = {"discover", "read", "download", "invoke", "deploy"}
USE = {"download", "upload", "invoke", "deploy"}
NEARLY = {"grant_suspended", "grant_expired", "grant_not_started", "grant_purpose", "no_grant",
          "purpose_not_permitted", "version_not_covered", "version_blocked"}  # fmt: skip
Answer = tuple[str, UUID | None, str]  # reason, grant, purpose; "" when no grant gives it


def live(window: Window, at: datetime) -> bool:
    return window[0] <= at and (window[1] is None or at < window[1])


def answer(  # noqa: C901  one gate below the other
    world: World,
    who: Person,
    permission: str,
    node: int,
    stated: str,
    key: Credential | None,
    at: datetime,
) -> Answer:
    people = {p.id: p for p in world.people}
    person = people[who.answers_to] if who.answers_to else who
    if not (who.active and person.active):
        return "subject_inactive", None, stated
    if key and (
        key.owner != who.id or key.revoked or key.expires <= at or permission not in key.scopes
    ):
        why = ("unknown" if key.owner != who.id else "revoked" if key.revoked
               else "expired" if key.expires <= at else "scope")  # fmt: skip
        return f"key_{why}", None, stated
    chain = [world.nodes[i] for i in (node, *reversed(world.nodes[node].above))]
    if key and key.within is not None and key.within not in [n.id for n in chain]:
        return "key_restriction", None, stated
    blocked = [n.state for n in chain if n.state in ("withdrawn", "retired")]
    if permission in USE and blocked:
        return f"resource_{blocked[0]}", None, stated
    groups = {g for user, g, window in world.members if user == who.id and live(window, at)}
    mine = [g for g in world.grants if g.open and (g.user == who.id or g.group in groups)
            and permission in world.roles[g.role]]  # fmt: skip
    for g in mine:
        span = g.versions is None or (chain[0].number or 0) in range(
            g.versions[0], g.versions[1] + 1
        )
        if g.deny and live(g.window, at) and span and g.node in [n.id for n in chain]:
            return "deny_grant", None, stated
    base, todo = set(), [node]
    while todo:
        if (one := todo.pop()) not in base:
            base.add(one)
            todo += [*world.nodes[one].above, *world.nodes[one].sources]
    barred = {p for b in base for p in Purpose.values if p in world.nodes[b].prohibited
              or (world.nodes[b].permitted and p not in world.nodes[b].permitted)}  # fmt: skip
    if permission in USE:
        if stated in barred:
            return "purpose_not_permitted", None, stated
        lacking = {a for b in base for a in world.nodes[b].agreements}
        lacking -= {a for user, a, w in world.signed if user == person.id and live(w, at)}
        if lacking:
            past = any(user == person.id and a in lacking for user, a, _ in world.signed)
            return "agreement_expired" if past else "agreement_missing", None, stated

    def giving(permission: str, g: Given, at_node: int) -> bool:
        return (permission in world.roles[g.role] and not g.deny and g.open and not g.suspended
                and live(g.window, at) and at_node in reaches(world, g))  # fmt: skip

    every = [g for g in world.grants if g.user == who.id or g.group in groups]
    hidden = any(n.state in ("draft", "pending") for n in chain)
    if (
        permission in CONTENT
        and hidden
        and not any(giving("edit", g, n.id) for g in every for n in chain)
    ):
        return "resource_draft", None, stated
    for own in (True, False):
        for n in chain:
            fit = [g for g in every if (g.user == who.id) == own and giving(permission, g, n.id)
                   and (not stated or g.purpose in ("", stated))
                   and not (permission in USE and g.purpose in barred)]  # fmt: skip
            if fit:
                oldest = min(fit, key=lambda g: (g.opened, g.id))
                return "allowed", oldest.id, stated or oldest.purpose
    return "", None, stated
