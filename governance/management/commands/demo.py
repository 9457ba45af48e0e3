"""`manage.py demo`: the cast, their data and requests; does nothing where all are there.

`--authzen` instead: the fixture of AuthZEN's certification, and the key of the service `pep`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts.models import User
from audit.doors.cli import ActionCommand
from governance.demo import agreements, authzen, catalogue, moments, people, requests


class Command(ActionCommand):
    help = "Load the demo: six people, a service, two datasets, a model and thirty requests."
    default_by = "system"

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--yes", action="store_true", help="also in production, while nobody is there yet"
        )
        parser.add_argument(
            "--authzen",
            action="store_true",
            help="load AuthZEN's certification fixture; prints the key of the service pep alone",
        )

    def act(self, by: User, **options: Any) -> str:
        if settings.PRODUCTION:
            require_empty(options["yes"])
        try:
            password = people.shared_password(Path(settings.DATA_DIR) / "demo-password")
        except OSError as error:
            raise CommandError(f"{error}: the demo keeps its password in DATA_DIR.") from error
        cast = people.gather(by, password)
        if options["authzen"]:
            authzen.load(cast.erin, cast.alice, cast.bob, cast.dana)
            return authzen.issue_key(cast.dana)
        catalogue.fill(cast)
        agreements.sign(cast)
        moments.live_through(cast)
        requests.ask_all(cast)
        moments.use(cast)
        agreements.change(cast)
        people.issue_keys(cast)
        names = ", ".join(people.NAMES)
        return f"The demo is loaded. Sign in as {names} with the password {password}"


def require_empty(agreed: bool) -> None:
    if people.anybody():
        raise CommandError("People work here: the demo is for an empty installation.")
    if not agreed:
        raise CommandError(
            "This is production: add --yes to fill it with demo people all the same."
        )
