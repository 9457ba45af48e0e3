"""As of then: what was answered while a random world changed is what the past says later."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.actions.roles import set_permissions
from accounts.decision import answer
from accounts.explanation import explain
from accounts.grants import (
    close_grant,
    drift,
    open_grant,
    resume_grant,
    rewrite_role,
    succeed,
    suspend_grant,
)
from accounts.models import Grant, Membership, Resource, Role, Signature, User
from accounts.permissions import Permission
from accounts.queries.asof import what_could, who_could
from registry.actions.states import enter
from tests import worlds
from tests.acting import do
from tests.cast import Cast, role


@dataclass(frozen=True)
class Seen:
    """One answer, given at its time by the derived rows."""

    person: User
    permission: str
    resource: Resource
    purpose: str
    at: datetime
    reason: str
    grant: UUID | None


class World:
    """Changes beneath the actions, so that nothing that could be stored is left out, but for what
    would change the past: who joins or signs does so now."""

    def __init__(self, chance: Random, cast: Cast, people: list[User]) -> None:
        self.chance, self.cast, self.people = chance, cast, people
        self.nodes = worlds.build(chance, cast, people, grants=20)
        self.lab = Role(slug="lab", name="Lab")
        self.lab.save()
        set_permissions(self.lab, frozenset({"read", "download", "edit"}))

    def change(self) -> None:
        self.chance.choice(
            [self.give, self.give, self.close, self.suspend, self.resume, self.replace, self.join,
             self.leave, self.state, self.condition, self.sign, self.unsign, self.live, self.narrow]
        )()  # fmt: skip

    def grant(self, suspended: bool = False) -> Grant | None:
        status = Grant.objects.in_status("suspended" if suspended else "active")
        # Erin is who changes the world here: her own grant stays.
        found = list(
            status.filter(effect="allow").exclude(user=self.cast.erin).order_by("opened_at")
        )
        return self.chance.choice(found) if found else None

    def give(self) -> None:
        worlds.give(self.chance, self.cast, self.nodes, self.people)

    def close(self) -> None:
        if found := self.grant():
            close_grant(found, by=self.cast.erin)

    def suspend(self) -> None:
        if found := self.grant():
            suspend_grant(found, by=self.cast.erin, reason="x")

    def resume(self) -> None:
        if found := self.grant(suspended=True):
            resume_grant(found, by=self.cast.erin)

    def replace(self) -> None:
        if found := self.grant():
            erin, purpose = self.cast.erin, self.chance.choice(worlds.PURPOSES)
            succeed(found, by=erin, purpose=purpose)

    def join(self) -> None:
        worlds.join(self.chance, self.cast, self.chance.choice(self.people), timezone.now())

    def leave(self) -> None:
        now = timezone.now()
        for row in Membership.objects.filter(closed_at=None, opened_at__lte=now)[:1]:
            row.closed_at = now
            row.save(update_fields=["closed_at"])

    def node(self) -> Resource:
        found: Resource = Resource.objects.get(pk=self.chance.choice(self.nodes[1:]).pk)
        return found

    def state(self) -> None:
        node = self.node()
        enter(node, self.chance.choice(worlds.STATES[node.kind]))

    def condition(self) -> None:
        node = self.node()
        node.prohibited_purposes = self.chance.choice([[], ["marketing"], ["research"]])
        node.required_agreements = self.chance.choice([[], ["dua"], worlds.AGREEMENTS])
        node.save()

    def sign(self) -> None:
        worlds.sign(self.chance, self.cast, self.cast.bob, timezone.now())

    def unsign(self) -> None:
        for row in Signature.objects.filter(closed_at=None)[:1]:
            row.closed_at, row.closed_by = timezone.now(), self.cast.erin
            row.save(update_fields=["closed_at", "closed_by"])

    def live(self) -> None:
        person = User.objects.get(pk=self.cast.charlie.pk)
        person.is_active = not person.is_active
        person.save(update_fields=["is_active"])

    def narrow(self) -> None:
        wanted = frozenset(self.chance.sample(["read", "download", "edit"], 2))
        set_permissions(self.lab, wanted & self.lab.codenames() or frozenset({"read"}))
        rewrite_role(self.lab)

    def ask(self) -> Seen:
        person, resource = self.chance.choice(self.people), self.chance.choice(self.nodes)
        permission = self.chance.choice(
            [Permission.DISCOVER, Permission.READ, Permission.DOWNLOAD, *Permission]
        )
        purpose, at = self.chance.choice(worlds.PURPOSES), timezone.now()
        told = answer(person, permission, resource, purpose, None, at)
        return Seen(person, permission, resource, purpose, at, told.reason, told.grant_id)


@pytest.mark.parametrize("seed", worlds.SEEDS)
def test_the_past_answers_as_it_did(cast, seed):
    chance = Random(300 + seed)
    people = [cast.alice, cast.bob, cast.charlie, cast.dana, cast.scoring.user]
    world: World = do(lambda: World(chance, cast, people), by=cast.erin)
    seen: list[Seen] = []
    for _ in range(25):
        do(world.change, by=cast.erin)
        seen += [world.ask() for _ in range(6)]
    wrong, answers = [], Counter[str]()
    for was in seen:
        told = explain(was.person, was.permission, was.resource, purpose=was.purpose, at=was.at)
        by = told.decided_by.grant.pk if told.allowed and told.decided_by else None
        answers[was.reason] += 1
        if (told.reason, by) != (was.reason, was.grant):
            wrong.append((was, told.reason))
    assert wrong == []
    assert answers["allowed"] and len(answers) > 5, answers
    # In one transaction the database's now() stands still, and some ended meanwhile.
    ended = set(Grant.objects.filter(expires_at__lte=timezone.now()).values_list("pk", flat=True))
    assert [one for one in drift() if one.grant not in ended] == []
    for was in [one for one in seen if not one.purpose][::6]:
        could = was.person in who_could(was.resource, was.permission, at=was.at)
        reached = was.resource in what_could(was.person, was.permission, at=was.at)
        assert could is reached is (was.reason == "allowed"), was


def test_before_there_was_anything_there_was_nothing(cast):
    long_ago = timezone.now() - timedelta(days=4000)
    told = explain(cast.alice, Permission.READ, cast.scans, at=long_ago)
    assert (told.allowed, told.reason, told.paths) == (False, "subject_unknown", [])
    assert not who_could(cast.scans, Permission.READ, at=long_ago).exists()
    assert not what_could(cast.alice, Permission.READ, at=long_ago).exists()


def test_a_deny_blocks_while_it_is_suspended_too(cast):
    """Suspending takes away what was given; nobody gains by it, whichever way it is asked."""
    place = Resource.objects.get(pk=cast.oncology.pk)
    do(lambda: open_grant(role("reader"), cast.bob, place, by=cast.erin), by=cast.erin)
    assert cast.bob in who_could(place, Permission.READ)
    assert place in what_could(cast.bob, Permission.READ)

    def deny() -> None:
        denied = open_grant(role("reader"), cast.bob, place, by=cast.erin, effect="deny")
        suspend_grant(denied, by=cast.erin, reason="looked into")

    do(deny, by=cast.erin)
    assert answer(cast.bob, "read", place, "", None, timezone.now()).reason == "deny_grant"
    assert explain(cast.bob, Permission.READ, place).reason == "deny_grant"
    assert cast.bob not in who_could(place, Permission.READ)
    assert place not in what_could(cast.bob, Permission.READ)
