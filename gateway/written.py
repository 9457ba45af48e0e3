"""What admins wrote that changes an answer, remembered until anything of all changes."""

from __future__ import annotations

from accounts.point.point import Point
from accounts.point.stamps import ALL
from gateway import queries


class Written:
    def __init__(self, stamp: int) -> None:
        self.stamp = stamp
        self.exceptions = queries.exceptions()
        self.roles: dict[str, list[str]] = {}

    def on_offer(self, permission: str) -> list[str]:
        """Roles that one may ask for and that hold this, the narrowest first."""
        found = self.roles.get(permission)
        if found is None:
            found = [role.slug for role in queries.requestable(permission)]
            self.roles[permission] = found
        return found


_written: Written | None = None


def written(point: Point) -> Written:
    """As it is now: the stamp is read before what it stands for."""
    global _written
    stamp = point.view[ALL]
    found = _written
    if found is None or found.stamp != stamp:
        found = _written = Written(stamp)
    return found
