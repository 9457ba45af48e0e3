"""What stays of the trail, and what may go: holds, retired months, erasures."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit import context
from audit.actions.readers import KEEP_SITE, require
from audit.acts import action
from audit.models import Erasure, Event, Hold
from audit.queries import exports_to_write
from audit.seal import redaction, retention
from audit.seal.erased import REDACTION
from audit.seal.retired import Retirement
from audit.sinks import outbox, targets

KEEP_PEOPLE = "accounts.manage_people"
ANSWER_FOR_PRIVACY = "accounts.decide_request"


@action("trail.place_hold", Event.Class.MANAGEMENT)
def place_hold(path: str, reason: str, *, by: Any) -> Hold:
    """Nothing under this path is retired or redacted until somebody else lifts the hold."""
    require(by, KEEP_SITE, "Holds are for those who keep the site.")
    if not path.startswith("/") or not path.endswith("/") or not reason.strip():
        raise ValidationError("A hold needs a path such as / or /oncology/, and a reason.")
    hold = Hold(path=path, reason=reason, placed_by=by)
    hold.save()
    context.say(reason)
    return hold


@action("trail.lift_hold", Event.Class.MANAGEMENT)
def lift_hold(hold: Hold, *, by: Any) -> Hold:
    require(by, KEEP_SITE, "Holds are for those who keep the site.")
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


@action("trail.ask_erasure", Event.Class.MANAGEMENT)
def ask_erasure(subject: Any, reason: str, *, by: Any) -> Erasure:
    """Asked by whoever keeps the people; carried out by somebody else, who answers for privacy."""
    require(by, KEEP_PEOPLE, "Asking for an erasure needs manage_people.")
    if subject.is_active:
        raise ValidationError("Deactivate them first: who works here leaves a record.")
    if not reason.strip():
        raise ValidationError("Say why, without naming them: the reason stays.")
    erasure = Erasure(subject=subject, reason=reason, asked_by=by)
    erasure.save()
    return erasure


@action(REDACTION, Event.Class.MANAGEMENT)
def redact(erasure: Erasure, *, by: Any) -> Erasure:
    """Blank what tells of one person, for good; the seals hold, and this act says what is gone."""
    require(by, ANSWER_FOR_PRIVACY, "An erasure is carried out by who decides for the whole site.")
    if erasure.done_at is not None:
        raise ValidationError("This erasure was carried out already.", code="conflict")
    if by.pk in (erasure.asked_by_id, erasure.subject_id):
        raise ValidationError("A second person carries out an erasure, not the one who asked.")
    if Hold.objects.filter(lifted_at=None).exists():
        raise ValidationError("A legal hold is open: nothing is erased until it is lifted.")
    person = erasure.subject
    kind = ContentType.objects.get_for_model(type(person)).pk
    parts = redaction.find(person.pk, kind, [person.get_username(), person.email])
    if parts.unsealed:
        raise ValidationError(f"{parts.unsealed} events are not sealed yet: try again in seconds.")
    redaction.erase(context.current().uid, parts)  # type: ignore[union-attr]
    erasure.done_by, erasure.done_at = by, timezone.now()
    erasure.save()
    said = f"{len(parts.who)} times who, {len(parts.what)} times what"
    context.say(said, digest=parts.digest)
    return erasure
