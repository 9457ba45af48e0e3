"""`manage.py retire --as X`: archives and drops the months that were kept long enough."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from audit.actions import keeping
from audit.doors.cli import ActionCommand
from audit.seal import retention
from audit.seal.keys import NoKey


class Command(ActionCommand):
    help = "Archive, sign for and drop every month older than TRAIL_KEEP_MONTHS, oldest first."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say which")

    def act(self, by: Any, **options: Any) -> str:
        try:
            months = retention.due(settings.TRAIL_KEEP_MONTHS)
            if options["dry_run"]:
                return "\n".join(name for name, _ in months) or "Nothing is old enough."
            for name, first in months:
                done = keeping.retire(name, first, by=by)
                self.stdout.write(f"{name}: {done.events} events in {done.archive}")
        except (NoKey, retention.Kept) as error:
            raise CommandError(str(error)) from error
        return f"{len(months)} months retired."
