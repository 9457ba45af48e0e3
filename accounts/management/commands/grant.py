"""`manage.py grant ROLE SUBJECT RESOURCE --as X`: give access directly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import CommandError, CommandParser
from django.http import Http404
from django.utils import timezone

from accounts import queries
from accounts.actions import grants
from accounts.models import Resource, Role, User
from accounts.permissions import Permission
from accounts.purposes import Purpose
from audit.doors.cli import ActionCommand

MAX_DAYS = 36_500  # keeps the date computable


class Command(ActionCommand):
    help = "Give a role on a resource to a person, a service or a group."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="its short name, such as reader")
        parser.add_argument("subject", help="a username, or group:NAME")
        parser.add_argument("resource", help="project, project/name, project/name@v3, or / (all)")
        parser.add_argument("--days", type=int, help="how long it lasts (without an end)")
        parser.add_argument("--purpose", default="", choices=["", *Purpose.values])
        parser.add_argument("--reason", default="")

    def act(self, by: User, **options: Any) -> str:
        grant = grants.give(
            find_role(by, options["role"]),
            find_subject(by, options["subject"]),
            find_resource(by, options["resource"]),
            purpose=options["purpose"],
            expires_at=end(options["days"]),
            reason=options["reason"],
            by=by,
        )
        return f"{grant.pk} {grant}"


def find_role(by: User, slug: str) -> Role:
    found = queries.roles(by).filter(slug=slug).first()
    if found is None:
        known = ", ".join(role.slug for role in queries.roles(by))
        raise CommandError(f"There is no role {slug}. Known: {known}.")
    return found


def find_subject(by: User, text: str) -> User | Group:
    name = text.removeprefix("group:")
    found = (
        queries.groups(by).filter(name=name).first()
        if text.startswith("group:")
        else queries.colleagues(by).filter(username=name).first()
    )
    if found is None:
        raise CommandError(f"There is nobody active called {text}. Groups: write group:NAME.")
    return found


def find_resource(by: User, address: str) -> Resource:
    inside = address.strip("/").replace("@", "/")
    try:
        return queries.find(by, Permission.GRANT, path=f"/{inside}/" if inside else "/")
    except Http404:
        raise CommandError(f"There is no {address} that {by} gives access to.") from None


def end(days: int | None) -> Any:
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise CommandError(f"--days is a number from 1 to {MAX_DAYS}.")
    return timezone.now() + timedelta(days=days)
