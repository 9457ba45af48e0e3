"""Whether the derived rows say what their grants say: compared at night, told by the doctor."""

from __future__ import annotations

from django.core.cache import cache
from django.utils import timezone

KEY = "accounts.drift"
KEPT = 2 * 24 * 3600  # seconds: a comparison older than two nights says nothing


def tell(drifted: int) -> None:
    cache.set(KEY, (drifted, timezone.now()), KEPT)


def last() -> tuple[int, float] | None:
    """How many had drifted, how many hours ago; nothing when it was not compared lately."""
    if (told := cache.get(KEY)) is None:
        return None
    drifted, at = told
    return drifted, (timezone.now() - at).total_seconds() / 3600
