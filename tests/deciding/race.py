"""Readers ask without pause while a writer breaks and mends what the answer rests on.

An answer is stale when it says allowed though, for the whole time it took, the access was
refused; the writer tells which time that was in a number that all processes share.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import psycopg
from django.db import connections
from django.utils import timezone

from accounts.actions import grants, groups, keys, people
from accounts.decision import decide
from accounts.models import ApiKey, Grant, Resource, Role, User
from accounts.permissions import Permission
from accounts.point import point, stamps
from registry.actions import states
from registry.models import Asset
from tests.cast import Cast
from tests.deciding.world import owner

FORK = multiprocessing.get_context("fork")
MIXED, REFUSED, ALLOWED = 0, 1, 2  # the low bits of the shared number; above them it counts


@dataclass
class Tally:
    checks: int = 0
    stale: int = 0  # allowed, though refused
    late: int = 0  # refused, though allowed
    remembered: int = 0
    writes: int = 0


def late_stamp(self: Any, shelf: Any, load: Any, name: Any, under: Any, token: str, at: int) -> Any:
    """The sabotage: the stamp is read after what it stands for."""
    slot = stamps.slot(token)
    entry = load(name, slot, 0, at)
    time.sleep(Random().random() * 0.04)
    entry.stamp = self.view[stamps.ALL] + self.view[slot]
    shelf.put(under, entry)
    return entry


def read(world: Question, state: Any, stop: Any, out: Any, sabotaged: bool) -> None:
    if sabotaged:
        point.Point.load = late_stamp  # type: ignore[method-assign]
    point.forget()
    tally = Tally()
    while not stop.value:
        for _ in range(200):
            before = state.value
            allowed = decide(world.user, Permission.DOWNLOAD, world.place, key=world.key).allowed
            if before == state.value:
                tally.stale += allowed and before & 3 == REFUSED
                tally.late += not allowed and before & 3 == ALLOWED
        tally.checks += 200
    remembered = point.current()
    tally.remembered = remembered.asked - remembered.left if remembered else 0
    out.put(tally)
    out.close()
    out.join_thread()
    os._exit(0)  # without closing what was inherited


@dataclass
class Question:
    user: User
    place: Resource
    key: ApiKey


def run(scene: Scene, seconds: float, *, sabotaged: bool = False, readers: int = 2) -> Tally:
    """Everything in turn, at random."""
    scene.session = owner()
    state, stop = FORK.Value("q", 0, lock=False), FORK.Value("b", 0, lock=False)
    out = FORK.Queue()
    connections.close_all()
    asking = (scene.question, state, stop, out, sabotaged)
    children = [FORK.Process(target=read, args=asking) for _ in range(readers)]
    for child in children:
        child.start()
    writes = 0
    try:
        for writes, is_allowed in enumerate(scene.changes(state, seconds), 1):
            state.value = (writes << 2) | (ALLOWED if is_allowed else REFUSED)
            time.sleep(0.003)
    finally:
        stop.value = 1
        found = [out.get(timeout=30) for _ in children]
        for child in children:
            child.join(10)
        scene.session.close()
    return Tally(
        checks=sum(one.checks for one in found),
        stale=sum(one.stale for one in found),
        late=sum(one.late for one in found),
        remembered=sum(one.remembered for one in found),
        writes=writes,
    )


class Scene:
    """Bob reads the scans through his group, with a key; ten ways to break that."""

    session: psycopg.Connection[Any]

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.scans: Any = Asset.objects.get(pk=cast.scans.pk)
        if self.scans.state == "draft":
            self.scans = states.set_state(self.scans, "published", by=cast.alice)
        self.reader = Role.objects.get(slug="reader")
        open_ones = Grant.objects.filter(role=self.reader, group=cast.researchers, closed_at=None)
        self.grant = open_ones.first() or self.give(cast.researchers)
        end = timezone.now() + timedelta(days=1)
        issued = keys.issue(cast.bob, name="race", scopes=["download"], expires_at=end, by=cast.bob)
        place = Resource.objects.get(pk=self.scans.pk)
        self.question = Question(cast.bob, place, issued.key)

    def give(self, subject: Any, effect: str = "allow") -> Grant:
        return grants.give(self.reader, subject, self.scans, effect=effect, by=self.cast.alice)

    def changes(self, state: Any, seconds: float) -> Iterator[bool]:
        chance, end = Random(7), time.monotonic() + seconds
        ways = [
            self.by_grant,
            self.by_suspension,
            self.by_membership,
            self.by_deny,
            self.by_person,
            *self.beside(),
        ]
        while time.monotonic() < end:
            with chance.choice(ways)(state):
                yield False
            yield True

    @contextmanager
    def by_grant(self, state: Any) -> Iterator[None]:
        state.value = MIXED
        grants.revoke(self.grant, by=self.cast.alice)
        yield
        state.value = MIXED
        self.grant = self.give(self.cast.researchers)

    @contextmanager
    def by_suspension(self, state: Any) -> Iterator[None]:
        state.value = MIXED
        self.grant = grants.suspend(self.grant, reason="race", by=self.cast.alice)
        yield
        state.value = MIXED
        self.grant = grants.resume(self.grant, by=self.cast.alice)

    @contextmanager
    def by_membership(self, state: Any) -> Iterator[None]:
        state.value = MIXED
        groups.remove_member(self.cast.researchers, self.cast.bob, by=self.cast.erin)
        yield
        state.value = MIXED
        groups.add_member(self.cast.researchers, self.cast.bob, by=self.cast.erin)

    @contextmanager
    def by_deny(self, state: Any) -> Iterator[None]:
        state.value = MIXED
        deny = self.give(self.cast.bob, "deny")
        yield
        state.value = MIXED
        grants.revoke(deny, by=self.cast.alice)

    @contextmanager
    def by_person(self, state: Any) -> Iterator[None]:
        state.value = MIXED
        people.deactivate(self.cast.bob, by=self.cast.erin)
        beside(self.session, "update accounts_apikey set revoked_at = null, revoked_by_id = null")
        yield
        state.value = MIXED
        people.reactivate(self.cast.bob, by=self.cast.erin)

    def beside(self) -> list[Callable[[Any], Any]]:
        """Statements of the database's owner: only the listener tells of them."""
        bob, scans = self.cast.bob.pk, self.scans.pk
        pairs = [
            (
                "update accounts_apikey set revoked_at = now(), revoked_by_id = owner_id",
                "update accounts_apikey set revoked_at = null, revoked_by_id = null",
            ),
            (
                f"update accounts_resource set state = 'withdrawn' where id = {scans}",
                f"update accounts_resource set state = 'published' where id = {scans}",
            ),
            (
                f"update accounts_resource set required_agreements = '{{dua}}' where id = {scans}",
                f"update accounts_resource set required_agreements = '{{}}' where id = {scans}",
            ),
            (
                "update accounts_grouppermission set expires_at = now()",
                "update accounts_grouppermission set expires_at = null",
            ),
            (
                f"update accounts_membership set opened_at = '2100-01-01'"
                f" where user_id = '{bob}' and closed_at is null",
                f"update accounts_membership set opened_at = '2020-01-01'"
                f" where user_id = '{bob}' and closed_at is null",
            ),
        ]
        return [self.by_statement(*pair) for pair in pairs]

    def by_statement(self, broken: str, mended: str) -> Callable[[Any], Any]:
        @contextmanager
        def way(state: Any) -> Iterator[None]:
            state.value = MIXED
            beside(self.session, broken)
            yield
            state.value = MIXED
            beside(self.session, mended)

        return way


def beside(session: psycopg.Connection[Any], statement: str) -> float:
    """By the database's owner; back when this host has heard of it, with the seconds it took."""
    session.execute(statement)
    touched = session.execute("select current_setting('gate.touched')").fetchone()
    view, slots = stamps.shared().view, stamps.parsed(touched[0] if touched else "")
    before = [view[slot] for slot in slots]
    session.commit()
    start = time.perf_counter()
    while any(view[slot] == then for slot, then in zip(slots, before, strict=True)):
        time.sleep(0.0002)
    return time.perf_counter() - start
