"""The clock of the trail."""

from django.db import connection

from audit import actions, refusals
from audit.doors.cli import find_user
from audit.doors.tasks import job
from audit.seal import keys, rounds
from audit.trail import Scope

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


@job
def seal() -> int:
    """Where the key is not, a process of its own seals: `manage.py seal --loop`."""
    return rounds.once() if keys.key_file() else 0


@job
def verify() -> list[str]:
    """Every night; what is found stands in the trail and in the doctor's answer."""
    return actions.verify(Scope(), by=find_user("system")).problems
