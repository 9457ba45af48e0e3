"""`manage.py hold --place PATH --reason R` or `--lift ID`: what is in dispute stays."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from audit import kept
from audit.actions import keeping
from audit.doors.cli import ActionCommand


class Command(ActionCommand):
    help = "Place a legal hold on part of the trail, lift one, or list those that are open."

    def add_action_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--place", metavar="PATH", help="/ for everything, or /oncology/")
        what.add_argument("--lift", metavar="ID", type=UUID)
        parser.add_argument("--reason", default="")

    def act(self, by: Any, **options: Any) -> str:
        if options["place"]:
            return f"Hold {keeping.place_hold(options['place'], options['reason'], by=by).pk}"
        if options["lift"]:
            hold = kept.holds(by).filter(pk=options["lift"]).first()
            if hold is None:
                raise CommandError(f"There is no open hold {options['lift']}.")
            keeping.lift_hold(hold, by=by)
            return "Lifted."
        listed = [f"{h.pk} {h.path} {h.placed_at:%Y-%m-%d} {h.reason}" for h in kept.holds(by)]
        return "\n".join(listed) or "No hold is open."
