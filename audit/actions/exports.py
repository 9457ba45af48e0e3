"""Taking a part of the trail away."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit import context
from audit.actions.readers import require_own, require_reader
from audit.acts import action
from audit.doors.tasks import after_commit_by_name
from audit.models import Event, Export
from audit.queries import scope
from audit.search import Search


@action("trail.export", Event.Class.DATA_ACCESS)
def export(search: Search, *, format: str, by: Any) -> Export:
    """What is theirs to read at this moment, and nothing that happens later."""
    require_reader(by)
    asked = Export(
        owner=by, query=str(search), format=format, scope=scope(by), asked_at=timezone.now()
    )
    require_own(by, asked, by)
    asked.full_clean()
    asked.save()
    context.say(str(search), format=format)
    after_commit_by_name("audit.tasks.write_export", str(asked.pk))
    return asked


@action("trail.finish_export", Event.Class.DATA_ACCESS)
def finish_export(asked: Export, *, manifest: dict[str, Any], by: Any) -> Export:
    """Said by the worker in the name of whoever asked, who must still be a reader."""
    require_reader(by)
    require_own(by, asked, asked.owner)
    require_waiting(asked)
    asked.state, asked.manifest = Export.State.DONE, manifest
    asked.save()
    context.say(asked.query, rows=manifest["rows"], sha256=manifest["sha256"])
    return asked


@action("trail.fail_export", Event.Class.DATA_ACCESS)
def fail_export(asked: Export, *, reason: str, by: Any) -> Export:
    require_own(by, asked, asked.owner)
    require_waiting(asked)
    asked.state, asked.manifest = Export.State.FAILED, {"reason": reason}
    asked.save()
    context.say(reason)
    return asked


@action("trail.cancel_export", Event.Class.DATA_ACCESS)
def cancel_export(asked: Export, *, by: Any) -> Export:
    require_own(by, asked, asked.owner)
    require_waiting(asked)
    asked.state = Export.State.CANCELLED
    asked.save()
    return asked


def require_waiting(asked: Export) -> None:
    now = Export.objects.select_for_update().get(pk=asked.pk)
    if now.state != Export.State.QUEUED:
        raise ValidationError(f"This export is {now.get_state_display()} already.", code="conflict")


@action("trail.download_export", Event.Class.DATA_ACCESS)
def download_export(asked: Export, *, by: Any) -> Export:
    """Only as long as everything in it is still theirs to read."""
    require_reader(by)
    require_own(by, asked, asked.owner)
    now = scope(by)
    if now is not None and (asked.scope is None or not set(asked.scope) <= set(now)):
        raise PermissionDenied("It holds events that are not yours to read any more.")
    if asked.state != Export.State.DONE or asked.expired or not asked.path.exists():
        raise ValidationError("There is no file, or no longer: export it again.", code="conflict")
    context.say(asked.query, rows=asked.manifest["rows"], sha256=asked.manifest["sha256"])
    return asked


@action("trail.print", Event.Class.DATA_ACCESS)
def print_trail(search: Search, *, format: str, by: Any) -> None:
    """Events that a command writes out where it runs."""
    require_reader(by)
    context.say(str(search), format=format)
