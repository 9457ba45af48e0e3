"""Two acts that met: the later is done once more from its beginning, or its caller is told so."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models
from psycopg.errors import DeadlockDetected, SerializationFailure, UniqueViolation

from audit.context import ForeignDecision

CAUSES = DeadlockDetected, SerializationFailure, UniqueViolation


class Clash(ValidationError):
    """409: the caller's to look at and to try again, no fault of anybody."""

    def __init__(self) -> None:
        words = "Somebody did the same a moment ago: look at it and try again."
        super().__init__(words, code="conflict")


class Again(Exception):
    """Nothing of the attempt stands: it may be made once more."""


def met(error: Exception, given: tuple[Any, ...]) -> bool:
    """Did another act come in between? Then the same act could succeed now."""
    if isinstance(error, DatabaseError):
        return isinstance(error.__cause__, CAUSES)
    return isinstance(error, ForeignDecision) and any(map(is_elsewhere, given))


def is_elsewhere(given: Any) -> bool:
    """Was it moved since it was read? What was decided about its old place covers no new one."""
    place = getattr(given, "resource_path", None)
    return place is not None and getattr(fresh(given), "resource_path", place) != place


def fresh(given: Any) -> Any:
    """A row as it is now; anything else as it is."""
    if not isinstance(given, models.Model) or given.pk is None:
        return given
    return type(given)._base_manager.filter(pk=given.pk).first() or given
