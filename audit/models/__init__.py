"""The trail's tables."""

from audit.models.events import Event, EventManager, UuidV7, insert, root_model
from audit.models.exports import Export
from audit.models.keeping import Erasure, Hold
from audit.models.searches import SavedSearch
from audit.models.sinks import SinkCursor

__all__ = [
    "Erasure",
    "Event",
    "EventManager",
    "Export",
    "Hold",
    "SavedSearch",
    "SinkCursor",
    "UuidV7",
    "insert",
    "root_model",
]
