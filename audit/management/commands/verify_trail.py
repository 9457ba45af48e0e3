"""`manage.py verify_trail --as X`: exits 1 and names the first event that does not hold."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from audit import actions, trail
from audit.doors.cli import ActionCommand


class Command(ActionCommand):
    help = "Check that every change has its act and every act a decision about what it wrote."

    def act(self, by: Any, **options: Any) -> str:
        if found := actions.verify(by=by):
            raise CommandError(f"{len(found)} findings. The first: {found[0]}")
        number = trail.counts()
        return (
            f"The trail holds together: {number.get('act', 0)} acts, "
            f"{number.get('change', 0)} changes under them, "
            f"{number.get('out_of_band', 0)} changes beside the application."
        )
