"""Commands: who stands behind them, from which host, through which actions."""

from __future__ import annotations

import getpass
import os
import socket
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import Http404

from audit.context import Origin, entered
from audit.refusals import keeper


class ActionCommand(BaseCommand):
    """A command that acts: `--as` names the person, the event the operating-system user."""

    default_by: str | None = None  # only where one answer is right for everybody

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as",
            dest="by",
            required=self.default_by is None,
            default=self.default_by,
            help="username of who does this",
        )
        self.add_action_arguments(parser)

    def add_action_arguments(self, parser: CommandParser) -> None:
        """What the action itself needs."""

    def handle(self, *args: Any, by: str, **options: Any) -> str | None:
        note = {"os_user": os_user(), "host": socket.gethostname()}
        call = Origin(door="cli", agent=f"{note['os_user']}@{note['host']}"[:200], note=note)
        try:
            with entered(call), keeper():
                return self.act(find_user(by), **options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(str(error), returncode=3) from error
        except Http404 as error:
            words = "There is nothing here that you may see."
            raise CommandError(words, returncode=3) from error

    def act(self, by: Any, **options: Any) -> str | None:
        raise NotImplementedError


def find_user(username: str) -> Any:
    found = get_user_model()._default_manager.filter(username=username).first()
    if found is None:
        raise CommandError(f"There is nobody called {username}.")
    return found


def os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
