"""`manage.py grant ROLE SUBJECT RESOURCE --as X`: give access directly."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import CommandError, CommandParser
from django.http import Http404
from django.utils import timezone

from accounts import queries
from accounts.actions import grants
from accounts.grants import Reach
from accounts.models import Grant, Resource, Role, User
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
        parser.add_argument("--versions", default="", help="some versions: 3, 2-4, or 2- (and on)")
        parser.add_argument(
            "--new-versions", default="", choices=["", *Grant.NewVersions.values],
            help="what a later one means: inherit without a last, else ask or block",
        )  # fmt: skip
        parser.add_argument("--reason", default="")

    def act(self, by: User, **options: Any) -> str:
        grant = grants.give(
            find_role(by, options["role"]),
            find_subject(by, options["subject"]),
            find_resource(by, options["resource"]),
            purpose=options["purpose"],
            expires_at=end(options["days"]),
            reach=reach(options["versions"], options["new_versions"]),
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


def reach(versions: str, new_versions: str) -> Reach:
    """`2-4` as numbers; the rules say which words fit them."""
    if not versions:
        return Reach(None, None, new_versions)
    found = re.fullmatch(r"(\d{1,9})(-)?(\d{1,9})?", versions, re.ASCII)
    if found is None or (found[3] and not found[2]):
        raise CommandError("--versions is one (3), a range (2-4), or from one on (2-).")
    first = int(found[1])
    last = int(found[3]) if found[3] else None if found[2] else first
    return Reach(first, last, new_versions or ("inherit" if last is None else "ask"))


def end(days: int | None) -> Any:
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise CommandError(f"--days is a number from 1 to {MAX_DAYS}.")
    return timezone.now() + timedelta(days=days)
