"""The clock of requests."""

from access import queries
from access.actions import requests
from accounts.queries import system
from audit.doors.tasks import job


@job
def expire() -> int:
    """Close what has waited too long for an answer."""
    by = system()
    return len([requests.expire(request, by=by) for request in queries.overdue()])
