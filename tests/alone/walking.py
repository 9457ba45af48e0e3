"""One person, one try after the other: each action there is, then more of what can be done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import Http404

from accounts.decision import Refused
from accounts.models import User
from tests.alone.actions import every_action
from tests.alone.drawing import Draw, Nothing
from tests.alone.measured import Finding, Measure

REFUSALS = (PermissionDenied, ValidationError, Http404, IntegrityError)
DRAWS = 2  # of other arguments, where the first were not to be had or made no sense
UNTIL = 40  # draws for what they are known to be able to do: of these about one in three is right
MORE = 8  # tries after all that; what bears on access comes up more often
# What each can do, in an order in which one act does not take the next away.
CAN: dict[str, tuple[str, ...]] = {
    "alice": (
        "grant.open",
        "grant.extend",
        "access_request.submit",
        "access_request.reject",
        "asset.register",
        "asset.edit",
        "asset.move",
        "version.open",
        "file.upload",
        "lineage.record",
        "version.approve",
        "version.withdraw",
        "resource.set_state",
        "key.issue",
        "grant.narrow",
        "grant.suspend",
        "grant.revoke",
    ),
    "bob": ("access_request.submit", "grant.narrow", "grant.open", "asset.register", "key.issue"),
    "charlie": ("grant.suspend", "version.withdraw", "grant.narrow", "grant.open", "key.issue"),
    "dana": ("access_request.submit", "trail.view", "trail.export", "key.issue", "grant.revoke"),
    "erin": (
        "grant.open",
        "grant.extend",
        "grant.narrow",
        "grant.resume",
        "role.create",
        "role.edit",
        "role.retire",
        "group.create",
        "group.add_member",
        "group.remove_member",
        "agreement.define",
        "agreement.record",
        "agreement.withdraw",
        "person.invite",
        "person.deactivate",
        "person.reactivate",
        "service.register",
        "service.hand_over",
        "project.register",
        "permission_row.sweep",
        "permission_row.reconcile",
        "grant.suspend",
        "grant.revoke",
    ),
    "petra": ("access_request.approve", "asset.edit", "grant.narrow", "key.issue"),
    "scoring": ("version.approve", "version.withdraw", "grant.suspend", "grant.open"),
}


@dataclass
class Walk:
    """What one person tried and did, up to the first thing they should not have been able to."""

    person: User
    seed: int
    chance: Random
    measure: Measure
    tried: set[str] = field(default_factory=set)
    within_reach: dict[str, float] = field(default_factory=dict)
    did: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    last: str = ""
    finding: Finding | None = None

    def __str__(self) -> str:
        """The last lines say what to run to see it again."""
        found = f"{self.finding.whose}: {self.finding.what}" if self.finding else "nothing found"
        return "\n".join([*self.told, found, f"WALK={self.seed} pytest -k {self.person}"])

    def attempt(self, verb: str) -> bool:
        """Is there no sense in trying other arguments: did it happen, or is it refused to them?"""
        person = self.person = User.objects.get(pk=self.person.pk)
        act = every_action()[verb]
        try:
            given, named = Draw(self.chance, person, verb).arguments(act)
            self.tried.add(verb)
            act(*given, **named)
        except (Nothing, Refused):
            return False
        except PermissionDenied:
            self.within_reach.setdefault(verb, 3)
            return True
        except REFUSALS:
            self.within_reach.setdefault(verb, 2)
            return False
        self.did[verb] += 1
        self.last = verb
        self.told.append(f"{verb} {given} {named}")
        changed, self.finding = self.measure.look(verb)
        self.within_reach[verb] = 4 if changed else 0.2
        return True

    def until_done(self, verb: str) -> None:
        for _ in range(UNTIL):
            if self.finding or self.did[verb]:
                return
            self.attempt(verb)

    def few_times(self, verb: str) -> None:
        for _ in range(DRAWS):
            if self.finding or self.attempt(verb):
                return


def walk(
    person: User,
    seed: int,
    watched: tuple[str, ...] = ("own", "others"),
    lead: tuple[str, ...] = (),
    *,
    whole: bool = True,
) -> Walk:
    """`lead`: what is tried before all else; it is all, where something is looked for there."""
    chance = Random(f"{person.username} {seed}")
    found = Walk(person, seed, chance, Measure(person, watched))
    for verb in lead:
        if not found.finding:
            found.attempt(verb)
    if whole:
        walk_on(found)
    return found


def walk_on(found: Walk) -> None:
    chance = found.chance
    for verb in CAN[found.person.username]:
        found.until_done(verb)
    verbs = sorted(every_action())
    for verb in chance.sample(verbs, len(verbs)):
        if not found.did[verb]:
            found.few_times(verb)
    for _ in range(MORE):
        if not found.finding:
            weights = [found.within_reach.get(verb, 0.1) for verb in verbs]
            found.attempt(chance.choices(verbs, weights)[0])
