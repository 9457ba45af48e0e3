"""`manage.py docs [--check]`: writes the generated pages, or says which are out of date."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import generated


class Command(BaseCommand):
    help = "Write docs/permissions.md, docs/states.md and the OpenAPI snapshot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare, exit 1 if stale")

    def handle(self, *, check: bool, **options: Any) -> str:
        if not check:
            return "\n".join(generated.write())
        if stale := generated.stale():
            raise CommandError(f"Out of date: {', '.join(stale)}. Run `make docs`.")
        return "The generated pages are up to date."
