"""`manage.py seal [--loop]`: gives every new event its leaf and signs; the key is its own."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.actions import proof
from audit.doors.cli import ActionCommand
from audit.seal import rounds
from audit.seal.keys import NoKey
from audit.seal.sealer import Restored, WrongClock


class Command(ActionCommand):
    help = "Seal what is new in the trail, once or for ever; or say that key or database changed."
    default_by = "system"

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", type=float, metavar="SECONDS", help="again and again")
        parser.add_argument(
            "--rotate", action="store_true", help="trust the key that is in SEAL_KEY_FILE now"
        )
        parser.add_argument(
            "--accept-restore",
            metavar="REASON",
            help="go on from a restored backup; the anchors so far are set aside, not removed",
        )

    def act(self, by: Any, **options: Any) -> str | None:
        try:
            if options["rotate"]:
                return f"Trusted from now on: {proof.rotate_key(by=by)}"
            if options["accept_restore"]:
                return proof.accept_restore(options["accept_restore"], by=by)
            sealed = rounds.once()
            if options["loop"]:
                go_on(options["loop"])
        except (NoKey, Restored, WrongClock) as error:
            raise CommandError(str(error)) from error
        return f"{sealed} events sealed."


def go_on(seconds: float) -> None:
    """Until asked to end; a round is finished first."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    while not ended.wait(seconds):
        rounds.once()
