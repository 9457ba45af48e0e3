"""`manage.py redact NAME --reason R` asks, `redact --do ID` by a second person carries out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from audit import queries
from audit.actions import keeping
from audit.doors.cli import ActionCommand, find_user


class Command(ActionCommand):
    help = "Erase from the trail who somebody was (GDPR Art. 17), on two people's word."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?", help="of somebody deactivated: asks")
        parser.add_argument("--reason", default="", help="stays for ever: names nobody")
        parser.add_argument("--do", metavar="ID", type=UUID, help="carries out what was asked")

    def act(self, by: Any, **options: Any) -> str:
        if options["do"]:
            erasure = queries.erasures(by).filter(pk=options["do"]).first()
            if erasure is None:
                raise CommandError(f"Nobody asked for the erasure {options['do']}.")
            keeping.redact(erasure, by=by)
            return f"Erased on {erasure.done_at:%Y-%m-%d %H:%M} UTC."
        if not options["username"]:
            raise CommandError("Name the person to be forgotten, or --do ID.")
        asked = keeping.ask_erasure(find_user(options["username"]), options["reason"], by=by)
        return f"Asked. A second person who decides for the whole site: redact --do {asked.pk}"
