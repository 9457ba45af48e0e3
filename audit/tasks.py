"""The clock of the trail."""

from django.db import connection

from audit import refusals
from audit.doors.tasks import job

AHEAD = 3  # months of partitions that always exist


@job
def fold() -> int:
    """Write the counted repetitions of refusals as events."""
    return refusals.flush()


@job
def partitions() -> int:
    """Make the coming months' partitions, through the owner's function."""
    with connection.cursor() as cursor:
        cursor.execute("select audit_partitions(%s)", [AHEAD])
        return int(cursor.fetchone()[0])
