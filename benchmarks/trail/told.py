"""How a figure of the trail is told, and the table of all that have a target."""

from __future__ import annotations

from typing import Any

from benchmarks import world

TOLD = "told"  # the target of what is said and not asked for


def told(
    question: str,
    value: float,
    limit: float | None,
    detail: str,
    unit: str = "",
    *,
    least: bool = False,
) -> bool:
    ok = limit is None or (value >= limit if least else value <= limit)
    target = f"{'>=' if least else '<='} {limit:,g}" if limit is not None else TOLD
    return world.figure(question, value, unit, target, ok, detail)


def table(answers: list[dict[str, Any]]) -> str:
    rows = [
        (a["question"], f"{a['value']:,g} {a['unit']}".strip(), a["target"], verdict(a))
        for a in answers
        if a["target"] != TOLD
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(r, widths, strict=True)] for r in rows)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def verdict(answer: dict[str, Any]) -> str:
    return "pass" if answer["ok"] else "FAIL"
