"""`manage.py reconcile --as X`: derived rows against their grants; `--check` only looks."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import queries
from accounts.actions import rows
from accounts.models import User
from audit.doors.cli import ActionCommand


class Command(ActionCommand):
    help = "Compute every permission row, standing and spell anew, and mend what has drifted."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 on drift")

    def act(self, by: User, **options: Any) -> str:
        if not options["check"]:
            return f"{len(rows.reconcile(by=by))} rows had drifted and were written anew."
        if found := queries.drift(by):
            raise CommandError(f"{len(found)} rows have drifted. The first: {found[0]}")
        return "No drift: every row is what its grant says."
