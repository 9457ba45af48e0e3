"""Erasing who somebody was: asked, planned, and carried out by somebody else as planned."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from audit import context
from audit.actions.readers import ANSWER_FOR_PRIVACY, KEEP_PEOPLE, require
from audit.acts import action
from audit.models import Erasure, Event
from audit.queries import READ_TRAIL
from audit.seal import redaction
from audit.seal.erased import REDACTION
from audit.seal.person import person
from audit.seal.redaction import Plan

ASKING = "Erasures are asked for by those who keep the people of the whole site."
LOOKING = "Mentions are shown to those who read the whole trail."
CARRYING_OUT = "An erasure is carried out by who decides for the whole site."


@action("trail.ask_erasure", Event.Class.MANAGEMENT)
def ask_erasure(subject: Any, reason: str, *, by: Any) -> Erasure:
    """Asked by whoever keeps the people; carried out by somebody else, who answers for privacy."""
    require(by, KEEP_PEOPLE, ASKING)
    require_gone(subject)
    if not reason.strip():
        raise ValidationError({"reason": "Say why, without naming them: the reason stays."})
    if person(subject).is_named_in(reason):
        raise ValidationError({"reason": "A name of theirs stands in it: the reason stays."})
    erasure = Erasure(subject=subject, reason=reason.strip(), asked_by=by)
    erasure.full_clean()
    erasure.save()
    return erasure


@action("trail.plan_erasure", Event.Class.MANAGEMENT)
def plan_erasure(erasure: Erasure, chosen: list[int], *, by: Any) -> Erasure:
    """Exactly what would go; of the mentions that the plan lists, those that somebody chose."""
    require(by, KEEP_PEOPLE, ASKING)
    if chosen:
        require(by, READ_TRAIL, LOOKING)
    lock(erasure)
    require_open(erasure)
    if by.pk != erasure.asked_by_id:
        raise ValidationError("The plan is made by the one who asked: ask for one yourself.")
    if other := sorted({*chosen} - {*erasure.plan.get("mentions", [])}):
        raise ValidationError(f"Record {other[0]} is none of the mentions that the plan lists.")
    require_uninvolved(chosen, by)
    made = redaction.plan(person(erasure.subject), chosen, redaction.size())
    if made.later:
        raise ValidationError(
            f"{made.later} events of theirs are not sealed yet: try again in seconds.",
            code="conflict",
        )
    erasure.plan = made.told() | {"held": dict(redaction.held(made))}
    erasure.save()
    context.say(summary(made), digest=made.digest, subject=str(erasure.subject_id))
    return erasure


@action("trail.preview_erasure", Event.Class.DATA_ACCESS)
def preview_erasure(subject: Any, *, by: Any) -> dict[str, Any]:
    """A plan that nobody asked for: how much the trail tells of somebody."""
    require(by, KEEP_PEOPLE, ASKING)
    made = redaction.plan(person(subject), [], redaction.size())
    context.say(summary(made))
    return made.told()


@action("trail.view_mentions", Event.Class.DATA_ACCESS)
def view_mentions(erasure: Erasure, *, by: Any) -> None:
    """What a plan asks about, or takes, is shown: a look at the trail like any other."""
    if not by.has_perm(ANSWER_FOR_PRIVACY):
        require(by, READ_TRAIL, LOOKING)


@action(REDACTION, Event.Class.MANAGEMENT)
def redact(erasure: Erasure, plan: str, *, by: Any) -> Erasure:
    """Blank what the plan says, for good; the seals hold, and this act says what is gone.

    `plan` is the digest of what the second person saw.
    """
    require(by, ANSWER_FOR_PRIVACY, CARRYING_OUT)
    lock(erasure)
    require_open(erasure)
    require_gone(erasure.subject)
    if by.pk in (erasure.asked_by_id, erasure.subject_id):
        raise ValidationError("A second person carries out an erasure, not the one who asked.")
    if not plan or plan != erasure.plan.get("digest"):
        raise ValidationError(
            "This is not the plan as it stands: look at it again.", code="conflict"
        )
    require_uninvolved(erasure.plan["chosen"], by)
    parts = as_planned(erasure)
    erasure.done_by, erasure.done_at = by, timezone.now()
    erasure.save()
    redaction.erase(erasure.pk, parts)
    context.say(summary(parts), digest=parts.digest, later=parts.later)
    return erasure


def as_planned(erasure: Erasure) -> Plan:
    """Made again from what was asked then; other parts than those were approved by nobody."""
    if redaction.sealed_plan(erasure.pk) != erasure.plan["digest"]:
        raise ValidationError("The plan is not sealed yet: try in a few seconds.", code="conflict")
    parts = redaction.plan(person(erasure.subject), erasure.plan["chosen"], erasure.plan["size"])
    if parts.digest != erasure.plan["digest"]:
        raise ValidationError(
            "The trail has changed under this plan: whoever asked makes it again.", code="conflict"
        )
    if held := redaction.held(parts):
        covers = ", ".join(f"{path} covers {count}" for path, count in held)
        raise ValidationError(
            f"A legal hold is open: of these records {covers}. It is lifted first."
        )
    return parts


def require_uninvolved(chosen: list[int], by: Any) -> None:
    """Nobody has a hand in blanking what they did themselves, or what tells of them."""
    if chosen and (seq := redaction.involving(chosen, person(by))) is not None:
        raise ValidationError(f"Record {seq} is yours or tells of you: it stays as it is.")


def lock(erasure: Erasure) -> None:
    """As it stands now, and for nobody else meanwhile: a plan is not changed under an approval."""
    erasure.refresh_from_db(from_queryset=Erasure.objects.select_for_update())


def require_open(erasure: Erasure) -> None:
    if erasure.done_at is not None:
        raise ValidationError("This erasure was carried out already.", code="conflict")


def require_gone(subject: Any) -> None:
    if subject.is_active:
        raise ValidationError("Deactivate them first: who works here leaves a record.")


def summary(parts: Plan) -> str:
    return f"{len(parts.who)} times who, {len(parts.what)} times what"
