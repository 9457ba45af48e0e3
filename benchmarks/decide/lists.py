"""Lists: a page of what somebody may read, all who may read something; against guardian."""

from __future__ import annotations

from random import Random

from guardian.shortcuts import get_objects_for_user

from accounts.models import Resource, User
from accounts.queries import what_can, who_can
from benchmarks import world
from benchmarks.crowd import Questions
from benchmarks.laps import best, laps, p, told


def figures(questions: Questions) -> list[bool]:
    people = list(User.objects.filter(username__startswith="user"))
    in_none = [user for user in people if int(user.username.removeprefix("user")) % 100 == 0]
    dense, sparse = people[: len(people) // 2], in_none
    met = [*pages("dense", dense, 10), *pages("sparse", sparse, 50)]
    return [*met, subjects(questions.datasets)]


def page(user: User) -> list[int]:
    return what_can(user, "read", kind="dataset")


def their_page(user: User) -> list[Resource]:
    found = get_objects_for_user(user, "accounts.read", Resource, accept_global_perms=False)
    return list(found.filter(kind="dataset").order_by("pk")[:25])


def pages(name: str, people: list[User], target: float) -> list[bool]:
    chosen = Random(3).sample(people, min(200, len(people)))
    laps(page, chosen)
    mine, stock = best(page, chosen), best(their_page, chosen[:30], 2)
    ratio = p(stock, 50) / p(mine, 50)
    detail = f"{told(mine, 1e3, 'ms')}; guardian {told(stock, 1e3, 'ms')}; 25 of them, by id"
    return [
        world.figure(f"a first page of what somebody may read, {name}, p99", p(mine, 99) * 1e3,
                     "ms", "<= 2", p(mine, 99) <= 2e-3, detail),
        world.figure(f"guardian get_objects_for_user / ours, {name}, medians", ratio, "x",
                     f">= {target}", ratio >= target, detail),
    ]  # fmt: skip


def subjects(datasets: int) -> bool:
    chance = Random(4)
    numbers = [2_000_000 + chance.randint(1, datasets) for _ in range(100)]
    places = list(Resource.objects.in_bulk(numbers).values())
    counts = [len(who_can(place, "read", limit=1000)) for place in places]

    def ours(place: Resource) -> None:
        who_can(place, "read", limit=1000)

    mine = best(ours, places)
    detail = f"{told(mine, 1e3, 'ms')}; {min(counts)} to {max(counts)} people"
    return world.figure("all who may read something, p99", p(mine, 99) * 1e3, "ms", "<= 10",
                        p(mine, 99) <= 1e-2, detail)  # fmt: skip
