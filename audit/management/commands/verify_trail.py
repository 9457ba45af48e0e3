"""`manage.py verify_trail --as X`: exits 1 and names the first event that does not hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit import trail
from audit.actions import proof
from audit.doors.cli import ActionCommand
from audit.trail import Scope, Verdict


class Command(ActionCommand):
    help = "Check every seal, that every change has its act and every act its decision."

    def add_action_arguments(self, parser: CommandParser) -> None:
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--full", action="store_true", help="everything (the default)")
        scope.add_argument("--since", type=int, default=0, metavar="SIZE", help="of a checkpoint")
        scope.add_argument("--sample", type=int, default=0, metavar="N", help="leaves at random")
        parser.add_argument("--anchors", type=Path, metavar="FILE", help="kept elsewhere")
        parser.add_argument("--keys", type=Path, metavar="FILE", help="public keys kept elsewhere")
        parser.add_argument("--json", action="store_true", help="one object, for a machine")

    def act(self, by: Any, **options: Any) -> str:
        scope = Scope(options["since"], options["sample"], options["anchors"], options["keys"])
        if scope.since < 0 or scope.sample < 0:
            raise CommandError("--since and --sample take a number above 0.")
        try:
            found = proof.verify(scope, by=by)
        except (LookupError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
        if found.problems:
            number = f"{len(found.problems)} findings. The first: {found.problems[0]}"
            raise CommandError(number)
        return "" if options["json"] else sentence(found)


def sentence(found: Verdict) -> str:
    number = trail.counts()
    report = found.report
    anchored = f"{report.anchors} anchors" if report.anchors else "NO ANCHOR: a cut tail is unseen"
    return (
        f"The trail holds together: {number.get('act', 0)} acts, "
        f"{number.get('change', 0)} changes under them, "
        f"{number.get('out_of_band', 0)} changes beside the application; "
        f"{report.size} sealed, {report.checkpoints} checkpoints, {anchored}."
    )
