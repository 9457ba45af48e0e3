"""The clock of grants."""

from accounts import queries
from accounts.actions import rows
from accounts.queries import compared
from audit.doors.tasks import job


@job
def sweep() -> int:
    """Only when there is something to sweep, so that the trail is not filled with nothing."""
    return rows.sweep(by=queries.system()) if queries.has_expired_rows() else 0


@job
def compare() -> int:
    """Every night; it mends nothing, so that somebody asks why."""
    found = len(queries.drift(queries.system()))
    compared.tell(found)
    return found
