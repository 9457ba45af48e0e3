"""Reading the trail is itself an event."""

from __future__ import annotations

from typing import Any

from audit import context
from audit.actions.readers import require_readable, require_reader
from audit.acts import action
from audit.models import Event
from audit.search import Search


@action("trail.view", Event.Class.DATA_ACCESS)
def view_trail(search: Search, *, by: Any) -> None:
    require_reader(by)
    context.say(str(search))


@action("trail.view_event", Event.Class.DATA_ACCESS)
def view_event(event: Event, *, by: Any) -> None:
    require_readable(event, by)


@action("trail.complete", Event.Class.DATA_ACCESS, folds=True)
def complete(name: str, *, by: Any) -> None:
    """What could stand behind a qualifier is read from events, too; with each key, so it folds."""
    require_reader(by)
    context.say(f"{name}:", values_of=name)
