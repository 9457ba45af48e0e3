"""How far a file has got: told by the worker, asked by a page, lost without harm."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.core.cache import cache

from audit.models import Export

KEPT = 3600  # seconds


@dataclass(frozen=True)
class Progress:
    rows: int = 0
    percent: int = 0


def tell(export: Export, rows: int, share: float) -> None:
    percent = max(0, min(99, int(share * 100)))
    cache.set(key(export), asdict(Progress(rows, percent)), KEPT)


def of(export: Export) -> Progress:
    return Progress(**(cache.get(key(export)) or {}))


def key(export: Export) -> str:
    return f"export:{export.pk}"
