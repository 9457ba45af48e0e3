"""The same questions of smaller and larger installations: what grows, and how."""

from __future__ import annotations

import math
import os
from random import Random

import psycopg
from django.utils import timezone

from accounts.decision import answer, decide
from accounts.models import Resource, User
from accounts.point import point
from accounts.queries import Asked, decisions, who_can
from benchmarks import crowd, world
from benchmarks.decide import http, lists, process, visible
from benchmarks.laps import best, p

SIZES = (100_000, 10_000)


def figures(questions: crowd.Questions) -> list[bool]:
    """The size at hand first, then the smaller ones, each drawn over it."""
    sizes, columns = [questions.datasets * 10], [measured(questions)]
    for size in (size for size in SIZES if size < sizes[0]):
        world.empty_crowd()
        made = crowd.draw(size)
        point.forget()
        world.until(lambda: point.current() is not None)
        with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"]) as server:
            columns.append(measured(crowd.Questions(server, made.people, made.datasets)))
        sizes.append(size)
    table(sizes[::-1], columns[::-1])
    return []


def measured(questions: crowd.Questions) -> dict[str, list[float]]:
    """Seconds, in order of size."""
    asked = process.objects(questions.draw(1000, subjects=min(90, questions.people - 10)))
    hundreds = [[Asked(*one) for one in asked[n : n + 100]] for n in range(0, 1000, 100)]
    people = list(User.objects.filter(username__startswith="user"))
    places = list(Resource.objects.filter(kind="dataset", pk__gt=2_000_000)[:100])
    some = Random(3).sample(people, min(90, len(people)))
    alone = [user for user in people if user.username.endswith("00")][:90]
    for one in asked:
        decide(*one)
    return {
        "a check, remembered": best(lambda one: decide(*one), asked, 40),
        "guardian has_perm": best(process.by_guardian, asked[:200], 1),
        "a check, a person not remembered": process.not_remembered(questions),
        "a check by the statement": best(
            lambda one: answer(*one, "", None, timezone.now()), asked[:500]
        ),
        "a hundred checks by one statement": best(decisions, hundreds),
        "a first page of what somebody may read": best(lists.page, some),
        "the same of somebody in no group": best(lists.page, alone),
        "guardian's first page": best(lists.their_page, some[:20], 1),
        "guardian's of somebody in no group": best(lists.their_page, alone[:20], 1),
        "all who may read something": best(lambda one: who_can(one, "read", limit=1000), places),
        "a revoke seen through NOTIFY": visible.through_notify(50),
        "a check over HTTP, granian": [http.spent(questions)],
    }


def table(sizes: list[int], columns: list[dict[str, list[float]]]) -> None:
    """How each grows: the factor for ten times the grants, as if it were the same at each step."""
    tenfolds = math.log10(sizes[-1] / sizes[0]) or 1
    for percent in (50, 99):
        head = f"p{percent}, microseconds"
        print(f"{head:40}" + "".join(f"{size:>12,}" for size in sizes) + "  tenfold")
        for name in columns[0]:
            values = [p(column[name], percent) * 1e6 for column in columns]
            factor = (values[-1] / values[0]) ** (1 / tenfolds)
            row = "".join(f"{value:12.1f}" for value in values)
            print(f"{name:40}{row}  x {factor:.2f}")
