"""Reading the trail is itself an event; so is all that its proof and its keeping need."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit import context
from audit.acts import action
from audit.models import Erasure, Event, Hold
from audit.queries import READ_TRAIL, Filters
from audit.seal import anchors, keys, proofs, redaction, retention, retired, sealer
from audit.seal.erased import REDACTION
from audit.seal.retired import Retirement
from audit.trail import Scope, Verdict, verdict

KEEP_SITE = "accounts.manage_policies"
KEEP_PEOPLE = "accounts.manage_people"
ANSWER_FOR_PRIVACY = "accounts.decide_request"


@action("trail.view", Event.Class.DATA_ACCESS)
def view_trail(filters: Filters, *, by: Any) -> None:
    """Of the whole site, or of what the person watches."""
    if not by.has_perm(READ_TRAIL):  # an "allowed" tells the open act by itself
        watched = by.visible(apps.get_model(settings.AUDIT_RESOURCE_MODEL), "read_trail").first()
        if watched is None or not by.has_perm(READ_TRAIL, watched):
            raise PermissionDenied("Nothing of the trail is yours to read.")
    context.say(" ".join(f"{k}:{v}" for k, v in filters.as_query().items()))


@action("trail.view_event", Event.Class.DATA_ACCESS)
def view_event(event: Event, *, by: Any) -> None:
    require_readable(event, by)


@action("trail.prove", Event.Class.DATA_ACCESS)
def prove(event: Event, *, by: Any) -> dict[str, Any]:
    """A proof is a copy of the event: for whoever may read it."""
    require_readable(event, by)
    try:
        found = proofs.prove(event.uid)
    except proofs.NotSealed as error:
        raise ValidationError(str(error), code="conflict") from error
    context.say(f"leaf {found['index']} of {found['size']}")
    return found


@action("trail.prove_archived", Event.Class.DATA_ACCESS)
def prove_archived(line: bytes, *, by: Any) -> dict[str, Any]:
    """Of an event that retention took out: its line of the archive, and the path to the root."""
    require(by, READ_TRAIL, "Archives are proved for those who read the whole trail.")
    if not retired.is_sealed(line):
        raise ValidationError("This line is not what was sealed.")
    found = proofs.complete(retired.parsed(line))
    context.say(f"leaf {found['index']} of {found['size']}, from an archive")
    return found


@action("trail.show_keys", Event.Class.DATA_ACCESS)
def show_keys(*, by: Any) -> str:
    """The public keys, to compare with those that an auditor has from elsewhere."""
    require(by, READ_TRAIL, "The keys are shown to those who read the whole trail.")
    return "".join(f"{key}\n" for key in keys.trusted())


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
    try:
        found = retention.retire(partition, first)
    except retention.Kept as error:
        raise ValidationError(str(error)) from error
    context.say(f"{found.events} events of {partition}", sha256=found.sha256)
    return found


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


def require(by: Any, permission: str, otherwise: str) -> None:
    if not by.has_perm(permission):
        raise PermissionDenied(otherwise)


def require_readable(event: Event, by: Any) -> None:
    if by.has_perm(READ_TRAIL):  # an "allowed" tells the open act by itself
        return
    resources = by.visible(apps.get_model(settings.AUDIT_RESOURCE_MODEL), "read_trail")
    watched = resources.filter(pk=event.resource_id).first()
    if watched is None or not by.has_perm(READ_TRAIL, watched):
        raise PermissionDenied("This event is not yours to read.")


@action("trail.verify", Event.Class.DATA_ACCESS)
def verify(how: Scope, *, by: Any) -> Verdict:
    """Of all of it, so for those who may read all of it, and for the clock."""
    if not by.has_perm(READ_TRAIL) and not by.has_perm(KEEP_SITE):
        raise PermissionDenied("Verifying needs read_trail on the whole site.")
    found = verdict(how)
    problems = len(found.problems)
    said = f"{problems} problems, first: {found.problems[0]}" if problems else "it holds together"
    context.say(said[:500], problems=problems, scope=how.name, leaves=found.report.size)
    return found


@action("trail.rotate_key", Event.Class.MANAGEMENT)
def rotate_key(*, by: Any) -> str:
    """Trust the key that the sealer signs with from now on; the old ones sign nothing more."""
    require(by, KEEP_SITE, "Changing the key of the trail needs manage_policies.")
    with sealer.held() as state:
        new = keys.rotate(keys.signer(), state.edge.size)
    context.say(f"key {new.id.hex()} from size {state.edge.size} on", key=str(new))
    return str(new)


@action("trail.accept_restore", Event.Class.MANAGEMENT)
def accept_restore(reason: str, *, by: Any) -> str:
    """Go on from an older backup: what was anchored after it is lost, and stands here for ever."""
    require(by, KEEP_SITE, "Going on from a backup needs manage_policies.")
    if not reason.strip():
        raise ValidationError("Say why the database was restored.")
    with sealer.held() as state:
        lost, place = anchors.set_aside(state.edge.size)
    context.say(reason, anchored=lost, size=state.edge.size)
    return f"Sealing goes on from {state.edge.size} leaves; {lost} were anchored, see {place}."
