"""What holds for a resource with all that it inherits, and what of it a reader lacks."""

from __future__ import annotations

from typing import Any

from accounts import queries as people
from accounts.models import Resource, User
from accounts.purposes import Purpose


def conditions(user: User, resource: Resource) -> dict[str, Any]:
    """The strictest of its own, of what it lies in and of what it was made from."""
    standing = resource.standing
    own = set(resource.prohibited_purposes)
    if resource.permitted_purposes:
        own |= set(Purpose.values) - set(resource.permitted_purposes)
    signed = set(people.signed(user))
    required = list(people.required_agreements(resource))
    return lacking(user, resource) | {
        "standing": standing,
        "stricter": standing.classification != resource.classification,
        "inherited_categories": sorted(set(standing.categories) - set(resource.categories)),
        "inherited_barred": [Purpose(p).label for p in standing.barred if p not in own],
        "required": [(one, one in signed, one.slug in resource.required_agreements)
                     for one in required],
    }  # fmt: skip


def lacking(user: User, resource: Resource) -> dict[str, Any]:
    """Agreements without which the bytes stay closed to this reader, and whom to ask."""
    missing = people.missing_agreements(user, resource)
    return {"missing": missing, "recorders": people.recorders(user)} if missing else {}
