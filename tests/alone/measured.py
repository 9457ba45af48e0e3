"""What a walk must not do: more for the walker at any time, more than their own for anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts.many import kind_of
from accounts.models import Grant, Resource, User
from accounts.permissions import USE, Permission
from accounts.roles import BUILT_IN

Cell = tuple[int, str, str, int]  # where, what, for which purpose, at which of the moments
PURPOSES = ("research", "marketing")
AHEAD = (timedelta(days=3), timedelta(days=400))  # what was drawn to start later has started
EACH = """
select d.reason = 'allowed' from accounts_decide_each(%s::uuid[], %s::integer[], %s::text[],
  %s::boolean[], %s::boolean[], %s, %s::bigint[], %s::text[], %s::uuid[], %s) d
"""
GIVEN = """
select g.id, array_agg(p.codename::text) from accounts_grant g
  join accounts_rolepermission p on p.role_id = g.role_id and p.closed_at is null
where g.effect = 'allow' and g.closed_at is null
  and (g.expires_at is null or g.expires_at > clock_timestamp())
  and not exists (select 1 from accounts_suspension s
    where s.grant_id = g.id and s.closed_at is null)
group by g.id
"""
READ_BY = """
select distinct c.relname from pg_class c, pg_proc f
where f.proname in ('accounts_decide', 'accounts_near_miss', 'accounts_lacks')
  and c.relkind = 'r' and f.prosrc ~ ('\\m' || c.relname || '\\M') order by 1
"""
# New access that is not the giver's to have: whose rule it is instead.
NOT_FROM_THE_GIVER = {
    "grant.narrow": "what was given before, and less of it",
    "access_request.approve": "four eyes: asked for by one person, approved by others",
    "asset.register": "what did not exist before is its maker's to answer for",
    "project.register": "the owner answers for it, who is somebody else",
    "person.create_admin": "the first one, of whom there is one in an installation",
}
LISTED_BY = {role.slug: role.grantable for role in BUILT_IN}
LISTED_ONLY = {"privacy-officer", "auditor", "admin"}


def own_side(person: User) -> list[User]:
    """A service acts for the person who answers for it: the two are one side.

    What the groups of either hold is asked with them, as everybody's groups are.
    """
    if person.kind == User.Kind.SERVICE:
        person = person.service_account.owner
    return list(User.objects.filter(Q(pk=person.pk) | Q(service_account__owner=person)))


def reach(
    subjects: list[User], places: list[int], ahead: Iterable[datetime], known: set[Cell]
) -> set[Cell]:
    """All permissions on all resources, for several purposes, now and at moments to come; of
    what is `known` nothing is asked. What nothing gives without a purpose, none gives with one."""
    found: set[Cell] = set()
    for n, at in enumerate([timezone.now(), *ahead]):
        cells = [(r, p.value, "", n) for r in places for p in Permission]
        plain = asked(subjects, [cell for cell in cells if cell not in known], at)
        use = [c for c in {*plain, *known} if c[1] in USE and c[2:] == ("", n)]
        meant = [(r, p, purpose, n) for r, p, _, _ in use for purpose in PURPOSES]
        found |= plain | asked(subjects, [cell for cell in meant if cell not in known], at)
    return found


def asked(subjects: list[User], cells: list[Cell], at: datetime) -> set[Cell]:
    """Those of them that any of these people is allowed."""
    every = [(s.pk, *cell[:3]) for s in subjects for cell in cells]
    if not every:
        return set()
    who, where, what, meant = map(list, zip(*every, strict=True))
    ids, names, contents, uses = map(list, zip(*(kind_of(w)[:4] for w in what), strict=True))
    edit = kind_of(Permission.EDIT)[0]
    keys = [None] * len(every)
    asking: list[Any] = [who, ids, names, contents, uses, edit, where, meant, keys, at]
    with connection.cursor() as cursor:
        cursor.execute(EACH, asking)
        allowed = [row[0] for row in cursor.fetchall()]
    return {cell for cell, yes in zip([*cells] * len(subjects), allowed, strict=True) if yes}


@cache
def read_by_the_decision() -> tuple[str, ...]:
    """Its tables, out of its own text."""
    with connection.cursor() as cursor:
        cursor.execute(READ_BY)
        found = tuple(name for (name,) in cursor.fetchall())
    assert {"accounts_grant", "accounts_userpermission", "accounts_standing"} <= {*found}
    return found


def contents() -> list[Any]:
    """While these stay as they are, so does every answer."""
    each = (
        f"select md5(string_agg(t::text, ',' order by t::text)) from {name} t"
        for name in read_by_the_decision()
    )
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(each))
        found: list[Any] = cursor.fetchall()
        return found


def given() -> dict[UUID, frozenset[str]]:
    """What each grant that is not suspended gives, now or later."""
    with connection.cursor() as cursor:
        cursor.execute(GIVEN)
        return {pk: frozenset(names) for pk, names in cursor.fetchall()}


def is_the_givers(giver: User, pk: UUID) -> bool:
    """They hold all of it there themselves, or a role of theirs lists it."""
    grant = Grant.objects.select_related("role").get(pk=pk)
    mine = Grant.objects.live().of(giver).over(grant.resource).filter(effect=Grant.Effect.ALLOW)
    listed = (LISTED_BY.get(slug, ()) for slug in mine.values_list("role__slug", flat=True))
    if any(grant.role.slug in slugs for slugs in listed):
        return True
    held = {
        what
        for _, what, purpose, n in reach([giver], [grant.resource_id], [], set())
        if not purpose
    }
    return grant.role.slug not in LISTED_ONLY and grant.role.codenames() <= held


@dataclass(frozen=True)
class Finding:
    """`own`: the walker came further. `others`: somebody was handed what is not the walker's."""

    whose: str
    what: str


class Measure:
    """How far the walker reached before; each look afterwards says what there is too much."""

    def __init__(self, person: User, watched: tuple[str, ...]) -> None:
        self.person, self.watched = person, watched
        self.places = list(Resource.objects.order_by("path").values_list("pk", flat=True))
        self.ahead = [timezone.now() + step for step in AHEAD]
        self.before = reach(own_side(person), self.places, self.ahead, set())
        self.given, self.contents = given(), contents()

    def look(self, verb: str) -> tuple[bool, Finding | None]:
        """Did this act bear on any decision, and how is it more than it should?"""
        now = contents()
        if now == self.contents:
            return False, None
        self.contents = now
        looks = {"own": self.gained, "others": lambda: self.handed_out(verb)}
        told = ((whose, looks[whose]()) for whose in self.watched)
        return True, next((Finding(whose, what) for whose, what in told if what), None)

    def gained(self) -> str:
        more = reach(own_side(self.person), self.places, self.ahead, self.before)
        path = dict(Resource.objects.values_list("pk", "path"))
        when = ["now", *(f"in {step}" for step in AHEAD)]
        told = [f"{what} {meant} on {path[r]} {when[n]}" for r, what, meant, n in sorted(more)]
        return "; ".join(told)

    def handed_out(self, verb: str) -> str:
        """What stood grew; or what is new is more than the giver has to give."""
        before, self.given = self.given, given()
        more = [pk for pk, names in self.given.items() if names - before.get(pk, frozenset())]
        grown = [pk for pk in more if pk in before]
        if verb in NOT_FROM_THE_GIVER:
            more = []
        wrong = grown or [pk for pk in more if not is_the_givers(self.person, pk)]
        return "; ".join(str(grant) for grant in Grant.objects.filter(pk__in=wrong))
