"""`manage.py doctor --as X`: how the installation is, what to do; exits 1 when something failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError

from accounts.models import User
from audit.doors.cli import ActionCommand
from governance import health


class Command(ActionCommand):
    help = "Check database, roles, Redis, worker, beat, mail, secrets, blobs and trail."

    def handle(self, *args: Any, **options: Any) -> str | None:
        try:
            database = health.database()
        except Exception as error:
            # Who asks cannot be looked up either; what is said here is no secret at the console.
            raise CommandError(f"database: FAIL: {error} Is DATABASE_URL right?") from error
        if database.status == "FAIL":
            raise CommandError(f"database: FAIL: {database.found}. {database.fix}")
        return super().handle(*args, **options)

    def act(self, by: User, **options: Any) -> None:
        if not by.has_perm("accounts.manage_policies"):
            raise PermissionDenied("The doctor needs manage_policies on the whole site.")
        found = list(health.answers())
        for line in table(found):
            self.stdout.write(line)
        failed = [name for name, answer in found if answer.status == "FAIL"]
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}.")


def table(found: Iterable[tuple[str, health.Answer]]) -> Iterable[str]:
    for name, answer in found:
        fix = f"  → {answer.fix}" if answer.fix else ""
        yield f"{name:<12}{answer.status:<6}{answer.found}{fix}"
