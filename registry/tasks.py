"""The clock of the registry."""

from audit.doors.tasks import job
from registry import storage

A_DAY = 86_400  # seconds: older than any upload that still runs


@job
def discard() -> int:
    """Remove what broken uploads left behind."""
    return storage.discard_stale(A_DAY)
