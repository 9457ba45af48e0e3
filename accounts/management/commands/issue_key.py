"""`manage.py issue_key USER --as ADMIN`: a key for somebody, printed alone on stdout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import queries
from accounts.actions import keys
from accounts.models import User
from accounts.permissions import Permission
from audit.doors.cli import ActionCommand

READING = [Permission.DISCOVER, Permission.READ, Permission.DOWNLOAD]
MAX_DAYS = 365  # keeps the date computable; the rule of the key's kind is narrower


class Command(ActionCommand):
    help = "Make a key for a person or service and print it, once; its holder is told by mail."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="username of who will hold the key")
        parser.add_argument("--days", type=int, default=1, help="how long it lives (1)")
        parser.add_argument(
            *("--scope", "--scopes"),
            dest="scopes",
            action="extend",
            nargs="+",
            help=f"what it may be used for: any permission, such as review; when left out"
            f" {' '.join(READING)}, services also invoke",
        )
        parser.add_argument("--name", default="made at the console", help="what to call it")

    def act(self, by: User, **options: Any) -> str:
        owner = queries.colleagues(by).filter(username=options["user"]).first()
        if owner is None:
            raise CommandError(f"There is nobody active called {options['user']}.")
        if not 1 <= options["days"] <= MAX_DAYS:
            raise CommandError(f"--days is a number from 1 to {MAX_DAYS}.")
        issued = keys.issue_by_operator(
            owner,
            name=options["name"],
            scopes=options["scopes"] or default_scopes(owner),
            expires_at=timezone.now() + timedelta(days=options["days"]),
            by=by,
        )
        return issued.secret


def default_scopes(owner: User) -> list[str]:
    return [*READING] if owner.is_human else [*READING, Permission.INVOKE]
