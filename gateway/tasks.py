"""The clock of the gateway."""

from django.conf import settings

from audit.doors.tasks import job
from gateway.drain import drain as write

SECONDS = 1.0  # of every two: the worker has other work


@job
def drain() -> int:
    return write(settings.SPOOL_ROOT, seconds=SECONDS)
