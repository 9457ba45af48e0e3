"""`manage.py explain SUBJECT PERMISSION RESOURCE --as X`: an answer with all that it rests on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.http import Http404
from django.utils.timezone import is_aware, make_aware

from accounts import queries
from accounts.models import User
from accounts.permissions import Permission
from accounts.purposes import Purpose
from audit.doors.cli import ActionCommand
from audit.qualifiers import when
from audit.queries import as_path


class Command(ActionCommand):
    help = "Say whether somebody may do something, by which grant, and what stands in the way."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subject", help="a username")
        parser.add_argument("permission", choices=Permission.values, metavar="permission")
        parser.add_argument("resource", help="project, project/name, project/name@v3, or / (all)")
        parser.add_argument("--purpose", default="", choices=["", *Purpose.values])
        parser.add_argument("--at", default="", help="as it stood then: 2026-05-03T10:00Z")

    def act(self, by: User, **options: Any) -> str:
        try:
            found = queries.explained(
                by,
                options["permission"],
                subject=options["subject"],
                purpose=options["purpose"],
                at=moment(options["at"]),
                path=as_path(options["resource"]),
            )
        except Http404:
            raise CommandError(f"There is no {options['resource']} that {by} may see.") from None
        verb = "may" if found.allowed else "may not"
        head = f"{found.subject} {verb} {found.permission} {found.resource} ({found.reason})"
        gates = [
            f"  gate {gate.name}: {gate.reason or 'passed'} {gate.detail}" for gate in found.gates
        ]
        paths = [path_line(told) for told in queries.told(by, found)]
        return "\n".join(line.rstrip() for line in (head, *gates, *paths))


def path_line(told: queries.Told) -> str:
    grant = told.path.grant
    named = grant if told.may_name else f"{grant.subject} holds {grant.role} on what it lay in then"
    return f"  {grant.pk} {named}: {told.path.reason}"


def moment(text: str) -> datetime | None:
    try:
        found = when(text, end=False) if text else None
    except (ValueError, OverflowError):
        found = None
    if text and found is None:
        raise CommandError("--at: Write a day (2026-05-03) or a time (2026-05-03T10:00Z).")
    return found if found is None or is_aware(found) else make_aware(found)
