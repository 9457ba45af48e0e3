"""What the pages of holds and of erasures share: each leads to the other, and to the trail."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from audit import kept, queries

PAGES = (
    ("erasures", "Erasures", kept.keeps_erasures),
    ("holds", "Legal holds", kept.keeps_holds),
)


def tabs(user: Any, current: str) -> list[dict[str, Any]]:
    return [
        {"url": reverse(name), "label": label, "current": name == current}
        for name, label, may in PAGES
        if may(user)
    ]


def crumbs(user: Any, *more: tuple[str, str]) -> list[dict[str, str]]:
    trail = [("trail", "Trail")] if queries.reads_trail(user) else []
    return [{"url": reverse(name), "label": label} for name, label in (*trail, *more)]
