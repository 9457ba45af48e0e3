"""Checkpoints in an object store with a lock: which one, for how long, and what it lacks."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from math import ceil
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from audit.delivery.buckets import Bucket, bucket
from audit.delivery.patience import within

SCHEME = "s3"
INSTALL = "an object store needs botocore: pip install -r requirements-s3.txt"


def place(target: str) -> Bucket:
    """Kept as long as the trail, unless the address says how long."""
    found = bucket(target)
    if find_spec("botocore") is None:
        raise ValueError(INSTALL)
    return replace(found, days=found.days or ceil(settings.TRAIL_KEEP_MONTHS * 365.25 / 12))


def keep(target: str, note: str, seconds: float) -> None:
    of, send = place(target), by_name("keep")
    within(seconds, target, lambda: send(of, note, seconds))


def complaint(target: str, seconds: float) -> str:
    """What keeps a checkpoint from being kept there, as far as one can tell from here."""
    try:
        of, ask = place(target), by_name("require_lock")
        within(seconds, f"{target} lock", lambda: ask(of, seconds))
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def by_name(function: str) -> Any:
    """Only now, since the module wants the extra installed."""
    return import_string(f"audit.delivery.objects.{function}")
