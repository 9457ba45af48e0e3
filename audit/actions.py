"""Reading the trail is itself an event; so is keeping a search, and taking a part of it away."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils import timezone

from audit import context, trail
from audit.acts import action
from audit.doors.tasks import after_commit_by_name
from audit.models import Event, Export, SavedSearch
from audit.queries import READ_TRAIL, scope, watched_resources
from audit.search import Search
from audit.trail import Finding

MOST_SAVED = 50  # searches a person


def require_reader(by: Any) -> None:
    """Of the whole site, or of what the person watches; an "allowed" tells the open act itself."""
    if by.has_perm(READ_TRAIL):
        return
    watched = watched_resources(by).first()
    if watched is None or not by.has_perm(READ_TRAIL, watched):
        raise PermissionDenied("Nothing of the trail is yours to read.")


def require_own(by: Any, row: models.Model, owner: Any) -> None:
    """What one keeps for oneself; it lies under one's own path, which nobody else is decided on."""
    if owner.pk != by.pk:
        raise PermissionDenied("This belongs to somebody else.")
    path = getattr(row, "resource_path", "")
    context.passed(context.Passed("read_trail", path, "self"))


@action("trail.view", Event.Class.DATA_ACCESS)
def view_trail(search: Search, *, by: Any) -> None:
    require_reader(by)
    context.say(str(search))


@action("trail.view_event", Event.Class.DATA_ACCESS)
def view_event(event: Event, *, by: Any) -> None:
    if not by.has_perm(READ_TRAIL):
        watched = watched_resources(by).filter(pk=event.resource_id).first()
        if watched is None or not by.has_perm(READ_TRAIL, watched):
            raise PermissionDenied("This event is not yours to read.")


@action("trail.verify", Event.Class.DATA_ACCESS)
def verify(*, by: Any) -> list[Finding]:
    """Of all of it, so for those who may read all of it."""
    if not by.has_perm(READ_TRAIL):
        raise PermissionDenied("Verifying needs read_trail on the whole site.")
    found = trail.findings()
    context.say(f"{len(found)} findings" if found else "it holds together", findings=len(found))
    return found


@action("trail.save_search")
def save_search(search: Search, *, name: str, shared: bool = False, by: Any) -> SavedSearch:
    """Shared: everybody who reads the trail finds it among theirs."""
    require_reader(by)
    if not search:
        raise ValidationError("There is nothing to keep: search for something first.")
    if SavedSearch.objects.filter(owner=by).count() >= MOST_SAVED:
        raise ValidationError(f"You keep {MOST_SAVED} searches already: delete one first.")
    saved = SavedSearch(owner=by, name=" ".join(name.split()), query=str(search), shared=shared)
    require_own(by, saved, by)
    saved.full_clean()
    saved.save()
    return saved


@action("trail.delete_search")
def delete_search(saved: SavedSearch, *, by: Any) -> None:
    require_reader(by)
    require_own(by, saved, saved.owner)
    context.say(f"{saved.name}: {saved.query}")
    saved.delete()


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
