"""The file of an export: written by the worker, described by its manifest, deleted in time."""

from __future__ import annotations

import os
from typing import Any

from django.utils import timezone

from audit import queries
from audit.exports import progress, stream
from audit.models import Export
from audit.search import Search


class Cancelled(Exception):
    """Nobody waits for it any more."""


def write(export: Export) -> dict[str, Any]:
    """Under its name only once it is whole; the manifest says what is in it."""
    export.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = export.path.with_suffix(".draft")
    found = limited(export)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for part in found:
                file.write(part)
                watch(export, found)
            os.fsync(file.fileno())
        draft.rename(export.path)
    finally:
        draft.unlink(missing_ok=True)
    return found.manifest() | about(export)


def limited(export: Export) -> stream.Stream:
    """What was theirs when they asked and still is; a narrow key stays narrow."""
    search = Search.of(export.query)
    found = stream.of(export.owner, search, export.format, export.asked_at)
    if export.scope is not None:
        found.events = queries.within(found.events, export.scope)
    return found


def watch(export: Export, found: stream.Stream) -> None:
    if queries.export_to_write(str(export.pk)) is None:
        raise Cancelled
    first = queries.first_moment() or export.asked_at
    whole = (export.asked_at - first).total_seconds() or 1.0
    done = (export.asked_at - (found.at or export.asked_at)).total_seconds()
    progress.tell(export, found.rows, done / whole)


def about(export: Export) -> dict[str, Any]:
    return {
        "uid": str(export.pk),
        "query": export.query,
        "asked_by": str(export.owner),
        "asked_at": export.asked_at.isoformat(),
        "written_at": timezone.now().isoformat(),
        "before": export.asked_at.isoformat(),
        "scope": "site" if export.scope is None else export.scope,
        "order": "newest first",
    }


def discard() -> int:
    """Delete the files that nobody may fetch any more."""
    gone = 0
    for export in queries.outdated_exports():
        if export.path.exists():
            export.path.unlink()
            gone += 1
    return gone
