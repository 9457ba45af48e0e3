"""What could stand next in a search: qualifiers, then their values, as whole lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from audit import queries
from audit.qualifiers import CLASSES, DOORS, OUTCOMES, QUALIFIERS

FIXED = {
    "class": CLASSES,
    "door": DOORS,
    "outcome": OUTCOMES,
    "since": ("1h", "24h", "7d", "30d", "12w"),
}
COLUMNS = {
    "actor": "actor_repr",
    "key": "key",
    "object": "object_repr",
    "purpose": "purpose",
    "verb": "verb",
}
MOST = 20


def lines(user: Any, text: str, verbs: Iterable[str] = ()) -> list[str]:
    """The text with its last word completed; values come from what the person may read."""
    text = text.lstrip()[:200]
    before, _, last = text.rpartition(" ")
    head = f"{before} " if before else ""
    minus = "-" if last.startswith("-") else ""
    name, colon, value = last.removeprefix("-").partition(":")
    if not colon:
        known = [n for n in QUALIFIERS if n.startswith(name.lower())]
        return [f"{head}{minus}{n}:" for n in known]
    found = values(user, name.lower(), value.lstrip('"'), verbs)
    return [f"{head}{minus}{name}:{quoted(one)}" for one in found if '"' not in one][:MOST]


def reads(text: str) -> str:
    """Of which qualifier values would be shown that stand in events; none for the fixed ones."""
    name, colon, _ = text.lstrip()[:200].rpartition(" ")[2].removeprefix("-").partition(":")
    return name.lower() if colon and name.lower() in (*COLUMNS, "resource") else ""


def values(user: Any, name: str, beginning: str, verbs: Iterable[str]) -> list[str]:
    if name in FIXED:
        return [one for one in FIXED[name] if one.startswith(beginning)]
    if name not in (*COLUMNS, "resource") or not beginning.isprintable():
        return []
    if name == "resource":
        paths = queries.recent_values(user, "resource_path", f"/{beginning.lstrip('/')}", MOST)
        return [path.strip("/") for path in paths if path != "/"]
    recent = queries.recent_values(user, COLUMNS[name], beginning, MOST)
    more = [verb for verb in verbs if verb.startswith(beginning)] if name == "verb" else []
    return list(dict.fromkeys([*recent, *sorted(more)]))


def quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value
