"""`manage.py create_admin USERNAME EMAIL --as system`: the first admin of an installation."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import mail
from accounts.actions import people
from accounts.models import User
from audit.doors.cli import ActionCommand


class Command(ActionCommand):
    help = "Make the first admin and print the link that sets the password."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="the person's full name")

    def act(self, by: User, **options: Any) -> str:
        person = people.create_admin(
            username=options["username"], email=options["email"], name=options["name"], by=by
        )
        return mail.welcome(person)
