"""`manage.py trail 'actor:bob verb:grant.* since:7d' --as dana`: the same search, in a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from audit import queries
from audit.actions import exports, trail
from audit.budget import budget
from audit.doors.cli import ActionCommand
from audit.doors.cursor import fetch
from audit.doors.middleware import printable
from audit.exports import stream
from audit.exports.formats import FORMATS
from audit.models import Event
from audit.search import Search


class Command(ActionCommand):
    help = "Search the trail: prints the newest events, or writes all of them in a format."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("query", nargs="?", default="", help="docs/trail-search.md has it all")
        parser.add_argument("--limit", type=int, default=50, help="events to print (1 to 1000)")
        parser.add_argument("--format", choices=FORMATS, help="write all that is found, as this")
        parser.add_argument("--out", type=Path, help="a new file, beside which its manifest lies")

    def act(self, by: Any, **options: Any) -> str | None:
        search, form, out = Search.of(options["query"]), options["format"], options["out"]
        if form is None:
            return self.table(search, by, options["limit"])
        exports.print_trail(search, format=form, by=by)
        found = stream.of(by, search, form, timezone.now())
        if out is None:
            for part in found:
                self.stdout.write(part.decode(), ending="")
            return None
        try:
            with out.open("xb") as file:
                file.writelines(found)
            about = {"query": str(search), "asked_by": str(by)} | found.manifest()
            out.with_name(f"{out.name}.manifest.json").write_text(json.dumps(about, indent=2))
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}.") from error
        return f"{found.rows} events in {out}"

    def table(self, search: Search, by: Any, limit: int) -> str:
        if not 1 <= limit <= 1000:
            raise CommandError("--limit is a number from 1 to 1000; --format writes them all.")
        trail.view_trail(search, by=by)
        with budget():
            events = fetch(queries.events(by, search), stream.ORDER, limit, search.end)
        return "\n".join(map(line, events)) or "Nothing matches."


def line(event: Event) -> str:
    """What an event holds may have been typed by anybody: no control characters to a terminal."""
    about = event.object_repr or event.resource_path
    words = f"{event.timestamp:%Y-%m-%d %H:%M:%S}  {event.outcome:<6}  {event.actor_repr:<16}  "
    more = f"{event.verb:<24}  {about}  {event.message}"
    return printable(words + " ".join(more.split("\n"))).rstrip()
