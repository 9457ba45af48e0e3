"""Proving the trail, and changing what its proof hangs on."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from audit import context
from audit.actions.readers import KEEP_SITE, require, require_readable
from audit.acts import action
from audit.models import Event
from audit.queries import READ_TRAIL
from audit.seal import anchors, keys, proofs, retired, sealer
from audit.trail import Scope, Verdict, verdict


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
    try:
        with sealer.held() as state:
            new = keys.rotate(keys.signer(), state.edge.size)
    except keys.NoKey as error:
        raise ValidationError(str(error), code="conflict") from error
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
