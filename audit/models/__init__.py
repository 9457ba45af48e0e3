"""The trail's tables."""

from audit.models.events import Event, EventManager, UuidV7, root_model
from audit.models.exports import Export
from audit.models.searches import SavedSearch
from audit.models.sinks import SinkCursor

__all__ = [
    "Event",
    "EventManager",
    "Export",
    "SavedSearch",
    "SinkCursor",
    "UuidV7",
    "root_model",
]
