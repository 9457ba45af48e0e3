"""The same questions of smaller and larger installations: what grows, and how."""

from __future__ import annotations

import os

import psycopg
from django.utils import timezone

from accounts.decision import answer, decide
from accounts.models import User
from accounts.point import point
from accounts.statements import row
from benchmarks import crowd, world
from benchmarks.decide import lists, process
from benchmarks.laps import best, p

SIZES = (10_000, 100_000)


def figures(questions: crowd.Questions) -> list[bool]:
    """The size at hand first, then the others, each drawn over it."""
    found = [growth(questions)]
    for size in SIZES:
        world.empty_crowd()
        made = crowd.draw(size)
        point.forget()
        world.until(lambda: point.current() is not None)
        with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"]) as server:
            found.append(growth(crowd.Questions(server, made.people, made.datasets)))
    return found


def growth(questions: crowd.Questions) -> bool:
    asked = process.objects(questions.draw(1000, subjects=90))
    people = list(User.objects.filter(username__startswith="user")[:90])
    for one in asked:
        decide(*one)
    memory = best(lambda one: decide(*one), asked)
    sql = best(lambda one: answer(*one, "", None, timezone.now()), asked[:500])
    bare = best(lambda _: row("select 1"), asked[:500])
    page = best(lists.page, people)
    detail = (
        f"remembered p50 {p(memory, 50) * 1e6:.1f} us, statement {p(sql, 50) / p(bare, 50):.1f}"
        f" x select 1, a page {p(page, 50) * 1e3:.2f} ms"
    )
    return world.figure("growth", questions.datasets * 10, "grants", "", True, detail)
