"""The clock of the trail."""

from contextlib import suppress

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404

from audit import queries, refusals
from audit.actions import exports, proof
from audit.doors.cli import find_user
from audit.doors.tasks import job
from audit.exports import files
from audit.models import Export
from audit.seal import keys, rounds
from audit.seal.proofs import NotSealed
from audit.sinks import shipping, targets
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
    return proof.verify(Scope(), by=find_user("system")).problems


@job
def write_export(uid: str) -> None:
    """In the name of whoever asked for it; nothing when it was cancelled meanwhile."""
    export = queries.export_to_write(uid)
    if export is None:
        return
    try:
        exports.finish_export(export, manifest=files.write(export), by=export.owner)
    except files.Cancelled:
        return
    except (PermissionDenied, ValidationError, Http404, OSError, NotSealed) as error:
        fail(export, reason(error))
    except Exception:
        fail(export, "Something broke. Ask for it again; if it breaks again, tell an admin.")
        raise


def fail(export: Export, why: str) -> None:
    """Whoever waits is told, unless nobody waits any more."""
    with suppress(OSError):
        export.path.unlink()
    if queries.export_to_write(str(export.pk)) is not None:
        exports.fail_export(export, reason=why, by=export.owner)


def reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"The file could not be written: {error.strerror}."
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, NotSealed):
        return str(error)
    return "What it asks for is not, or no longer, yours to read."


@job
def discard_exports() -> int:
    """Files of exports are kept for a week, and nobody waits for one longer than an hour."""
    for export in queries.exports_given_up():
        with suppress(ValidationError):  # done or cancelled meanwhile
            exports.fail_export(export, reason="Nobody wrote it: ask again.", by=export.owner)
    return files.discard()


@job
def ship(name: str) -> int:
    """One task a sink, so that one which hangs holds up no other."""
    return sum(shipping.ship(one) for one in targets.configured() if one.name == name)


@job
def ship_all() -> None:
    for one in targets.configured():
        ship.delay(one.name)
