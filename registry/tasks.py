"""The clock of the registry."""

from audit.doors.tasks import job
from registry import queries, storage

A_DAY = 86_400  # seconds: older than any upload that still runs


@job
def discard() -> int:
    """Remove what broken and refused uploads left behind."""
    return storage.discard_stale(A_DAY) + storage.unclaimed(queries.is_stored, A_DAY)
