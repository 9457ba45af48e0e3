"""The decision by brute force over plain tuples; it shares nothing with the product."""

from tests.deciding.world import CONTENT, USE, VOCABULARY, Answer, Given, Question, World

ORDER = ["allowed", "grant_purpose", "purpose_not_permitted", "grant_suspended", "grant_expired",
         "grant_not_started", "version_not_covered", "version_blocked", "no_grant"]  # fmt: skip


def answer(w: World, q: Question) -> Answer:
    barred, required = conditions(w, q)
    tried = [(misses(q, g, q.stated, barred), g) for g in over(w, q, q.permission)]
    near, by = min([*tried, ("no_grant", None)], key=lambda one: ORDER.index(one[0]))
    if (why := gate(w, q, barred, required)) or by is None or near != "allowed":
        return why or near, None, "", q.stated
    return near, by.id, by.role, q.stated or by.purpose


def gate(w: World, q: Question, barred: set[str], required: set[str]) -> str:
    who, key, what, chain, given = q.who, q.key, q.permission, q.node.chain, {"allowed"}
    states = [w.nodes[n].state for n in chain]
    signed = [(a, start <= q.at < end) for u, a, (start, end) in w.signed if u == who.person]
    lacking = required - {a for a, is_live in signed if is_live}
    return next((why for why, fails in {
        "subject_unknown": who not in w.people,
        "subject_inactive": {who.id, who.person} - {p.id for p in w.people if p.active},
        "key_unknown": key and key.owner != who.id, "key_revoked": key and key.revoked,
        "key_expired": key and key.expires <= q.at, "key_scope": key and what not in key.scopes,
        "resource_unknown": not chain, "key_restriction": key and key.within not in (None, *chain),
        **{f"resource_{s}": what in USE for s in states if s in ("withdrawn", "retired")},
        "deny_grant": given & {misses(q, g) for g in over(w, q, what, True)},
        "purpose_not_permitted": q.stated in barred,
        "agreement_expired": lacking & {a for a, _ in signed}, "agreement_missing": lacking,
        "resource_draft": what in CONTENT and {"draft", "pending"} & {*states} and not given & {
            misses(q, g) for g in over(w, q, "edit")}}.items() if fails), "")  # fmt: skip


def misses(q: Question, g: Given, stated: str = "", barred: set[str] | tuple[()] = ()) -> str:
    begun, lasting = g.window[0] <= q.at, q.at < g.window[1]
    later = not g.versions[0] <= q.node.number <= g.versions[1]
    return next((why for why, fails in {
        "no_grant": later and not (q.node.number and begun and lasting),
        "version_blocked": later and g.versions[2] == "block", "version_not_covered": later,
        "grant_suspended": g.suspended and not g.deny, "grant_expired": not lasting,
        "grant_not_started": not begun, "grant_purpose": stated and g.purpose not in ("", stated),
        "purpose_not_permitted": g.purpose in barred}.items() if fails), "allowed")  # fmt: skip


def over(w: World, q: Question, what: str, deny: bool = False) -> list[Given]:  # in their order
    groups = {g for u, g, (start, end) in w.members if u == q.who.id and start <= q.at < end}
    return sorted((g for g in w.grants if g.node in q.node.chain and what in w.roles[g.role]
        and g.open and g.deny == deny and (g.user == q.who.id or g.group in groups)), key=lambda g:
        (not g.user, not g.versions[0] and q.node.chain.index(g.node), g.opened, g.id))  # fmt: skip


def conditions(w: World, q: Question) -> tuple[set[str], set[str]]:
    found = [q.node] if q.permission in USE else []
    for n in found:
        found += [w.nodes[i] for i in (*n.chain, *n.sources) if w.nodes[i] not in found]
    free = [{*(n.permitted or VOCABULARY)} - {*n.prohibited} for n in found]
    return {*VOCABULARY} - VOCABULARY.intersection(*free), {a for n in found for a in n.agreements}
