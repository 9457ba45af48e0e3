"""One decision in one process: out of memory, by the statement, by guardian."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID

from django.utils import timezone
from guardian.backends import ObjectPermissionBackend

from accounts.decision import answer, decide
from accounts.models import Resource, User
from accounts.models.resources import permission_id
from accounts.permissions import CONTENT, USE, Permission
from accounts.point import point
from accounts.queries import Asked, decisions
from accounts.statements import DECIDE, row
from benchmarks import world
from benchmarks.crowd import Questions
from benchmarks.laps import best, laps, p, told

Question = tuple[User, str, Resource]
guardian = ObjectPermissionBackend()


def figures(questions: Questions) -> list[bool]:
    asked = objects(questions.draw(4000, subjects=200))
    agree(asked)
    return [*in_memory(asked), cold(questions), by_statement(asked), *batch(asked)]


def objects(drawn: list[tuple[int, str, int]]) -> list[Question]:
    names = {f"user{n}" for n, _, _ in drawn}
    people = {user.username: user for user in User.objects.filter(username__in=names)}
    places = Resource.objects.in_bulk({place for _, _, place in drawn})
    return [(people[f"user{n}"], permission, places[place]) for n, permission, place in drawn]


def agree(asked: list[Question]) -> None:
    """What is measured is the same answer."""
    allowed = 0
    for user, permission, place in asked[:1000]:
        found = decide(user, permission, place)
        assert found == answer(user, permission, place, "", None, timezone.now())
        allowed += found.allowed
    assert 300 < allowed < 800, allowed


def in_memory(asked: list[Question]) -> list[bool]:
    remembered: Any = point.current()
    plain = [(user.pk, permission, place.pk) for user, permission, place in asked]

    def ours(one: Question) -> None:
        decide(*one)

    def inner(one: tuple[UUID, str, int]) -> None:
        remembered.answer(*one, "", None)

    laps(ours, asked)
    mine, core = best(ours, asked, 40, in_hand), best(inner, plain, 40)  # a round is 12 ms
    stock = best(by_guardian, asked[:300], 3, before=in_hand)
    ratio = p(stock, 50) / p(mine, 50)
    detail = f"decide() {told(mine)}; the point alone {told(core)}; half allowed;"
    detail += " person and resource in hand"
    return [
        world.figure("a check in process, all of it remembered, p99", p(mine, 99) * 1e6, "us",
                     "<= 5", p(mine, 99) <= 5e-6, detail),
        world.figure("guardian has_perm / a check in process, medians", ratio, "x", ">= 500",
                     ratio >= 500, f"has_perm {told(stock)}, person and resource in hand"),
    ]  # fmt: skip


def by_guardian(one: Question) -> bool:
    user, permission, place = one
    found: bool = guardian.has_perm(user, f"accounts.{permission}", place)
    return found


def in_hand(one: Question) -> tuple[Any, ...]:
    """Whoever asks has just read both, or it would have nothing to ask about."""
    user, _, place = one
    return user.pk, user.credential, place.pk


def cold(questions: Questions) -> bool:
    lap = not_remembered(questions)
    return world.figure("a check of a person not remembered, p99", p(lap, 99) * 1e3, "ms",
                        "<= 0.5", p(lap, 99) <= 5e-4, told(lap))  # fmt: skip


def not_remembered(questions: Questions) -> list[float]:
    """A person who was never asked about; the groups and the resource are known."""
    remembered: Any = point.current()
    asked = objects(questions.draw(3000))
    for one in asked:
        decide(*one)

    def first(one: Question) -> None:
        decide(*one)

    found = []
    for _ in range(3):
        for name in {user.pk.int for user, _, _ in asked}:
            remembered.subjects.young.pop(name, None)
            remembered.subjects.old.pop(name, None)
        fresh = list({one[0].pk: one for one in asked}.values())
        Random(2).shuffle(fresh)
        found.append(laps(first, fresh))
    return min(found, key=lambda one: p(one, 99))


def by_statement(asked: list[Question]) -> bool:
    edit, now = permission_id(Permission.EDIT), timezone.now()
    prepared = [
        (user.pk, permission_id(name), name, name in CONTENT, name in USE, edit, place.pk, "",
         None, now)
        for user, name, place in asked
    ]  # fmt: skip

    def check(one: Any) -> None:
        row(DECIDE, *one)

    def nothing(one: Any) -> None:
        row("select 1")

    mine, bare = best(check, prepared[:2000]), best(nothing, prepared[:2000])
    ratio = p(mine, 50) / p(bare, 50)
    detail = f"statement {told(mine)}; select 1 {told(bare)}; prepared, same cursor, socket"
    return world.figure("the statement / SELECT 1, medians", ratio, "x", "<= 3", ratio <= 3, detail)


def batch(asked: list[Question]) -> list[bool]:
    hundreds = [[Asked(*one) for one in asked[n : n + 100]] for n in range(0, 2000, 100)]

    def remembered(hundred: list[Asked]) -> None:
        for one in hundred:
            decide(*one[:3])

    memory, sql = best(remembered, hundreds), best(decisions, hundreds)
    return [
        world.figure("a batch of 100, p50", p(memory, 50) * 1e3, "ms", "<= 2",
                     p(memory, 50) <= 2e-3, told(memory, 1e3, "ms")),
        world.figure("the same by one statement, nothing remembered, p50", p(sql, 50) * 1e3, "ms",
                     "", True, told(sql, 1e3, "ms")),
    ]  # fmt: skip
