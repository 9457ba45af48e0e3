"""No act makes what one's own side may do larger: now, at any later time, for any purpose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from accounts.many import Asked, decisions
from accounts.models import Grant, Resource, Signature, Standing, User
from accounts.permissions import CONTENT, USE, Permission
from accounts.purposes import Purpose
from accounts.rules import OwnSide, grants_on_side, side


class Held(NamedTuple):
    """One thing that somebody of the own side may do. Without a moment: at some time."""

    place: int
    permission: str
    purpose: str
    at: datetime | None
    bare: bool


class Own:
    """What one side may do in some places: asked before an act, and again after it.

    What is asked of the decision changes only when a grant begins or ends, or a signature ends:
    each such moment is asked about. Grants that name no purpose treat all purposes alike, so one
    that no grant names stands for all those.
    """

    def __init__(
        self,
        by: User,
        places: list[Resource],
        *,
        moves_to: Resource | None = None,
        timeless: bool = False,
    ) -> None:
        """`moves_to`: what lies there reaches them next. Then the grants alone may not grow either,
        even where a state or a missing agreement still closes it. `timeless`: only what was held at
        no time counts as more, not what will be held for longer."""
        self.places, self.timeless = places, timeless
        self.bare = (False, True) if moves_to is not None else (False,)
        self.subjects = list(User.objects.filter(side(by)))
        ground = {pk for one in (*places, *([moves_to] if moves_to else ())) for pk in one.chain}
        grants = list(grants_on_side(by).filter(resource__in=ground))
        self.named = {g.purpose for g in grants if g.effect == Grant.Effect.ALLOW} - {""}
        self.moments = self.turns(grants)
        self.before = self.held()

    def turns(self, grants: list[Grant]) -> list[datetime]:
        now = timezone.now()
        asked = {slug for one in self.standings() for slug in one.agreements}
        signed = Signature.objects.filter(
            user__in=self.subjects, agreement__slug__in=asked, closed_at=None
        )
        ends = [one.expires_at for one in signed]
        later = {turn for g in grants for turn in (g.starts_at, g.expires_at)} | {*ends}
        return [now, *sorted(turn for turn in later if turn is not None and turn > now)]

    def standings(self) -> list[Standing]:
        return list(Standing.objects.filter(resource__in=self.places, closed_at=None))

    def held(self) -> set[Held]:
        barred = {one.resource_id: set(one.barred) for one in self.standings()}
        return {one for bare in self.bare for one in self.found(barred, bare)}

    def found(self, barred: dict[int, set[str]], bare: bool) -> Iterator[Held]:
        asked, means = [], []
        for place in self.places:
            for permission in Permission if bare else sorted(USE | CONTENT):
                closed = barred[place.pk] if permission in USE and not bare else set()
                for purpose, meant in self.alike(closed).items():
                    asked += [Asked(each, permission, place, purpose) for each in self.subjects]
                    means += [meant] * len(self.subjects)
        for at in self.moments:
            told = None if self.timeless else at
            answers = decisions(asked, at=at, bare=bare)
            for one, meant, answer in zip(asked, means, answers, strict=True):
                if answer.allowed:
                    for purpose in meant:
                        yield Held(one.resource.pk, str(one.permission), purpose, told, bare)

    def alike(self, barred: set[str]) -> dict[str, set[str]]:
        """Which purpose to ask with, and for which ones its answer holds."""
        others = {*Purpose.values} - self.named - barred
        if not self.named:
            return {"": {"", *others}}
        each = {purpose: {purpose} for purpose in ("", *self.named)}
        return each | ({min(others): others} if others else {})

    def require_no_gain(self) -> None:
        """Whatever was changed, the own side may do no more there than it did."""
        if more := self.held() - self.before:
            what = ", ".join(sorted({one.permission for one in more}))
            later = all(one.at is not None and one.at > self.moments[0] for one in more)
            when = " later" if later else ""
            raise OwnSide(f"This would give you more here{when} ({what}): ask a second person.")
