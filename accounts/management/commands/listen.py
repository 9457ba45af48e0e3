"""`manage.py listen`: the listener of this host; without it decisions come from the database."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.point import listener, stamps


class Command(BaseCommand):
    help = "Hear what changes in the database and tell the web processes of this host."
    requires_system_checks = ()  # they load every page, and this serves none

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only look whether one hears; exit 1 if not"
        )

    def handle(self, *, check: bool, **options: Any) -> str | None:
        if check:
            return heard()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            listener.listen(lambda: False)
        return None


def heard() -> str:
    age = stamps.shared().age()
    if age is None or age > stamps.MAX_AGE:
        raise CommandError("No listener is heard on this host: start `manage.py listen`.")
    return f"Heard {age // 1_000_000} ms ago."
