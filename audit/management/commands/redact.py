"""`manage.py redact NAME --reason R` asks and plans; `--look ID` is for who carries it out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from audit import kept
from audit.actions import erasures
from audit.doors.cli import ActionCommand, find_user
from audit.models import Erasure


class Command(ActionCommand):
    """Carried out elsewhere: here whoever has the console could say to be both of the two."""

    help = "Plan what erases from the trail who somebody was (GDPR Art. 17), or look at a plan."

    def add_action_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?", help="of somebody deactivated: asks and plans")
        parser.add_argument("--reason", default="", help="stays for ever: names nobody")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--replan", metavar="ID", type=UUID, help="makes the plan again")
        which.add_argument("--look", metavar="ID", type=UUID, help="shows it and what it takes")
        parser.add_argument(
            "--mention", metavar="N", type=int, action="append", default=[],
            help="with --replan: this record, which mentions them, goes too; may be repeated",
        )  # fmt: skip
        parser.add_argument(
            "--dry-run", action="store_true", help="shows what would go, and changes nothing"
        )

    def act(self, by: Any, **options: Any) -> str:
        if options["look"]:
            return looked(find_erasure(options["look"], by), by)
        if options["replan"]:
            return self.planned(find_erasure(options["replan"], by), options["mention"], by)
        if not options["username"]:
            raise CommandError("Name the person to be forgotten, or --look ID.")
        subject = find_user(options["username"])
        if options["dry_run"]:
            return told(erasures.preview_erasure(subject, by=by))
        asked = erasures.ask_erasure(subject, options["reason"], by=by)
        try:
            return self.planned(asked, [], by)
        except ValidationError as error:
            return f"Asked. {' '.join(error.messages)} Then: redact --replan {asked.pk}"

    def planned(self, erasure: Erasure, mentions: list[int], by: Any) -> str:
        erasures.plan_erasure(erasure, mentions, by=by)
        look = f"A second person looks with: redact --look {erasure.pk}"
        return f"{told(erasure.plan)}\n{look}\nThey carry it out at {erasure.get_absolute_url()}"


def find_erasure(uid: UUID, by: Any) -> Erasure:
    found = kept.erasures(by).filter(pk=uid).first()
    if found is None:
        raise CommandError(f"Nobody asked for the erasure {uid}.")
    return found


def looked(erasure: Erasure, by: Any) -> str:
    """The plan, and in full what was chosen of others' records."""
    if not erasure.plan:
        return "Nobody has made a plan of it yet."
    listed = kept.mentions(by, erasure)
    if listed:
        erasures.view_mentions(erasure, by=by)
    chosen = [said for said in kept.as_said(erasure, listed) if said["chosen"]]
    lines = [orjson.dumps(said).decode() for said in chosen]
    return "\n".join([told(erasure.plan), *lines])


def told(plan: dict[str, Any]) -> str:
    """How many of which kind, and what a person has yet to decide about."""
    lines = [f"plan {plan['digest']}"]
    for part, about in (("who", "loses who did it"), ("what", "loses what it says")):
        lines += [f"{count:>8} {verb:<28} {about}" for verb, count in plan[part].items()]
    if left := [str(seq) for seq in plan["mentions"] if seq not in plan["chosen"]]:
        more = f" and {plan['unlisted']} more" if plan["unlisted"] else ""
        lines.append(f"Left as they are, though a name stands in them: {' '.join(left)}{more}")
    return "\n".join(lines)
