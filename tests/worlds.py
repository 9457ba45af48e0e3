"""Random worlds, built beneath the actions: every kind of intent that a decision can meet."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from accounts.decision import site
from accounts.grants import EVERYTHING, Reach, open_grant, suspend_grant
from accounts.many import kind_of
from accounts.models import Agreement, Grant, Membership, Resource, Role, Signature, User
from accounts.permissions import Permission
from registry.actions.states import enter
from registry.models import Asset, Project, Version
from tests.cast import Cast

SEEDS = range(int(os.environ.get("WORLDS", "1")))  # `make prove-decide` tries many more
PURPOSES = ["", "research", "marketing"]
AGREEMENTS = ["dua", "ethics"]
RANGES = [
    Reach(1, None, "inherit"),
    Reach(2, None, "inherit"),
    Reach(1, 1, "ask"),
    Reach(1, 2, "block"),
    Reach(2, 3, "ask"),
]
STATES = {
    "project": ["active", "active", "retired"],
    "dataset": ["draft", "published", "published", "withdrawn"],
    "version": ["pending", "approved", "approved", "withdrawn"],
}
MODELS: dict[str, Any] = {"project": Project, "dataset": Asset, "version": Version}
HOUR = timedelta(hours=1)
HELD = """
select u, r, p.codename, p.purpose from unnest(%s::uuid[]) u, unnest(%s::bigint[]) r,
  unnest(%s::integer[], %s::text[], %s::boolean[], %s::boolean[], %s::text[])
    p(id, codename, content, use, purpose),
  accounts_decide(u, p.id, p.codename, p.content, p.use, %s, r, p.purpose, null, %s) d
where d.reason = 'allowed'
"""


def node(kind: str, parent: Resource, slug: str, chance: Random, sources: list[int]) -> Resource:
    row: Any = MODELS[kind](kind=kind, state=chance.choice(STATES[kind]))
    if kind == "version":
        row.number, row.sources = int(slug[1:]), sources
    row.permitted_purposes = chance.choice([[], [], ["research"], ["research", "marketing"]])
    row.prohibited_purposes = chance.choice([[], [], ["marketing"]])
    if kind == "dataset":
        row.required_agreements = chance.choice([[], [], ["dua"], AGREEMENTS])
    row.place(parent, slug)
    row.save()
    enter(row, row.state)
    return Resource.objects.get(pk=row.pk)


def tree(chance: Random) -> list[Resource]:
    """Two projects, two datasets in each, two versions of each; some made from earlier ones."""
    found, versions = [site()], list[int]()
    for p in range(2):
        project = node("project", found[0], f"p{p}", chance, [])
        found.append(project)
        for d in range(2):
            dataset = node("dataset", project, f"d{d}", chance, [])
            found.append(dataset)
            for number in (1, 2):
                sources = [chance.choice(versions)] if versions and chance.random() < 0.4 else []
                version = node("version", dataset, f"v{number}", chance, sources)
                versions.append(version.pk)
                found.append(version)
    return found


def window(chance: Random) -> tuple[datetime, datetime | None]:
    now = timezone.now()
    return chance.choice(
        [(now, None), (now, None), (now - HOUR, now + HOUR), (now - HOUR, now), (now + HOUR, None)]
    )


def give(chance: Random, cast: Cast, nodes: list[Resource], people: list[User]) -> Grant:
    """Anything that a grant can be; a quarter of those on datasets are for some versions."""
    start, end = window(chance)
    resource = chance.choice(nodes)
    subjects: list[User | Group] = [*people, cast.researchers]
    ranged = resource.kind == "dataset" and chance.random() < 0.5
    grant = open_grant(
        chance.choice(list(Role.objects.exclude(slug="system"))),
        chance.choice(subjects),
        resource,
        by=cast.erin,
        starts_at=start,
        expires_at=end,
        purpose=chance.choice(PURPOSES),
        reach=chance.choice(RANGES) if ranged else EVERYTHING,
        effect=chance.choice(["allow"] * 6 + ["deny"]),
    )
    if grant.effect == Grant.Effect.ALLOW and chance.random() < 0.15:
        suspend_grant(grant, by=cast.erin, reason="x")
    return grant


def agree(cast: Cast) -> None:
    for slug in AGREEMENTS:
        Agreement(slug=slug, kind="training", title=slug).save()


def sign(chance: Random, cast: Cast, person: User, at: datetime | None = None) -> None:
    """At most one of a kind is open; another may have ended."""
    for agreement in Agreement.objects.all():
        end = chance.choice([None, HOUR, HOUR, -HOUR])
        if chance.random() < 0.3 or agreement.signatures.filter(user=person).exists():
            continue
        Signature(
            agreement=agreement,
            user=person,
            opened_at=at or timezone.now() - 2 * HOUR,
            opened_by=cast.erin if person != cast.erin else cast.dana,
            expires_at=timezone.now() + end if end else None,
        ).save()


def join(chance: Random, cast: Cast, person: User, at: datetime | None = None) -> None:
    start, end = (at, None) if at else window(chance)
    open_one = Membership.objects.filter(user=person, group=cast.researchers, closed_at=None)
    if not open_one.exists():
        Membership(user=person, group=cast.researchers, opened_at=start, closed_at=end).save()


def build(chance: Random, cast: Cast, people: list[User], grants: int = 30) -> list[Resource]:
    agree(cast)
    nodes = tree(chance)
    for _ in range(grants):
        give(chance, cast, nodes, people)
    for person in people:
        if person.is_human:
            sign(chance, cast, person)
    for person in (cast.alice, cast.charlie, cast.dana):
        join(chance, cast, person)
    return nodes


def held(
    people: list[User], places: list[Resource], questions: list[tuple[str, str]]
) -> set[tuple[UUID, int, str, str]]:
    """Who may do what where, by permission and purpose: each asked of the decision, at once."""
    kinds = [(*kind_of(permission)[:4], purpose) for permission, purpose in questions]
    columns: list[Any] = [list(column) for column in zip(*kinds, strict=True)]
    edit = kind_of(Permission.EDIT)[0]
    with connection.cursor() as cursor:
        who, where = [p.pk for p in people], [r.pk for r in places]
        cursor.execute(HELD, [who, where, *columns, edit, timezone.now()])
        return set(cursor.fetchall())
