"""`manage.py prove UID --as X > bundle.json`: a proof to check with verify_bundle.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.http import Http404

from audit import queries
from audit.actions import proof
from audit.doors.cli import ActionCommand


class Command(ActionCommand):
    help = "Print the proof of one event as JSON: it checks without this site."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("uid", type=UUID, help="of the event, from its page or address")
        parser.add_argument(
            "--archive", type=Path, metavar="FILE", help="of the month that it was retired with"
        )

    def act(self, by: Any, **options: Any) -> str:
        uid = options["uid"]
        if options["archive"]:
            return json.dumps(self.archived(by, uid, options["archive"]), ensure_ascii=False)
        try:
            found = proof.prove(queries.event(by, uid), by=by)
        except Http404:
            raise CommandError(f"There is no event {uid} that {by} may read.") from None
        return json.dumps(found, ensure_ascii=False)

    def archived(self, by: Any, uid: UUID, archive: Path) -> dict[str, Any]:
        with archive.open("rb") as lines:
            for line in lines:
                if str(uid).encode() in line and json.loads(line)["event"]["uid"] == str(uid):
                    return proof.prove_archived(line, by=by)
        raise CommandError(f"There is no event {uid} in {archive}.")
