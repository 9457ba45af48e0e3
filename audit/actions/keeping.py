"""What stays of the trail, and what may go: holds and retired months."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit import context
from audit.actions.readers import ANSWER_FOR_PRIVACY, KEEP_SITE, require
from audit.acts import action
from audit.kept import is_known_path
from audit.models import Event, Hold
from audit.qualifiers import as_path
from audit.queries import exports_to_write
from audit.seal import retention
from audit.seal.retired import Retirement
from audit.sinks import outbox, targets

UNKNOWN = (
    "Nothing stands at {!r}, and the trail knows nothing under it: write / for everything, or an"
    " address such as oncology or oncology/ct-scans."
)


def require_keeper(by: Any) -> None:
    """Of the site, or of privacy: one places a hold, and another one of them lifts it."""
    if not by.has_perm(ANSWER_FOR_PRIVACY):
        require(by, KEEP_SITE, "Holds are for those who keep the site or answer for privacy.")


@action("trail.place_hold", Event.Class.MANAGEMENT)
def place_hold(path: str, reason: str, *, by: Any) -> Hold:
    """Nothing under this path is retired or redacted until a second person lifts the hold."""
    require_keeper(by)
    hold = Hold(path=as_path(path.strip()), reason=reason.strip(), placed_by=by)
    if not hold.reason:
        raise ValidationError({"reason": "Say which dispute or inquiry this is for."})
    if not is_known_path(hold.path):
        raise ValidationError({"path": UNKNOWN.format(path)})
    hold.full_clean()
    hold.save()
    context.say(reason)
    return hold


@action("trail.lift_hold", Event.Class.MANAGEMENT)
def lift_hold(hold: Hold, *, by: Any) -> Hold:
    require_keeper(by)
    hold.refresh_from_db(from_queryset=Hold.objects.select_for_update())
    if hold.lifted_at is not None:
        raise ValidationError("This hold was lifted already.", code="conflict")
    if hold.placed_by_id == by.pk:
        raise ValidationError("A second person lifts a hold, not the one who placed it.")
    hold.lifted_by, hold.lifted_at = by, timezone.now()
    hold.save()
    return hold


@action("trail.retire", Event.Class.MANAGEMENT)
def retire(partition: str, first: date, *, by: Any) -> Retirement:
    """One month out of the database: archived, signed for, dropped."""
    require(by, KEEP_SITE, "Retiring a month needs manage_policies.")
    if (partition, first) not in retention.due(settings.TRAIL_KEEP_MONTHS):
        raise ValidationError(
            f"{partition} is not old enough: {settings.TRAIL_KEEP_MONTHS} months."
        )
    require_copied(partition, first)
    try:
        found = retention.retire(partition, first)
    except retention.Kept as error:
        raise ValidationError(str(error)) from error
    context.say(f"{found.events} events of {partition}", sha256=found.sha256)
    return found


def require_copied(partition: str, first: date) -> None:
    """What a sink or a file that somebody waits for has yet to take is not gone under its hands."""
    if waiting := exports_to_write().first():
        raise ValidationError(f"{partition}: export {waiting.pk} is being written: wait for it.")
    for one in targets.configured():
        if count := outbox.between(one.name, first, retention.next_month(first)):
            raise ValidationError(
                f"{partition}: the sink {one.name} has yet to get {count} of its events. Mend it"
                " (manage.py doctor says what it answers), or take it out of TRAIL_SINKS."
            )
