"""The clock of grants."""

from accounts import queries
from accounts.actions import rows
from audit.doors.tasks import job


@job
def sweep() -> int:
    """Only when there is something to sweep, so that the trail is not filled with nothing."""
    return rows.sweep(by=queries.system()) if queries.has_expired_rows() else 0
