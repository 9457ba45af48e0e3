"""A change at each look that a question takes at the counters: never an old answer after it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.point import point
from accounts.point.asking import Asking
from accounts.point.point import Point
from accounts.point.stamps import ALL, ANY
from tests.cast import gathered
from tests.deciding.turns import Scene

OF_THE_CHECK = {"key of the asker", "name"}
OF_THE_DECISION = {"key"}
COLD = {"membership", "name", "key of the asker"}


@pytest.fixture
def scene(transactional_db: None, settings: Any, tmp_path: Any) -> Any:
    settings.DECISION_STAMPS = tmp_path / "stamps"
    found = Scene(gathered())
    yield found
    found.session.close()
    point.forget()


@pytest.mark.parametrize("cold", [False, True])
def test_a_change_counts_whenever_it_comes(scene, cold):
    """Remembered, all of it has its turn; after a start, what stands for each kind of entry."""
    tried = 0
    for name, change in scene.changes().items():
        for ask in (scene.decided, scene.checked):
            other = OF_THE_CHECK if ask == scene.decided else OF_THE_DECISION
            if name in other or (cold and name not in COLD):
                continue
            assert list(scene.turns(ask, change, cold=cold)) == [], (name, ask)
            tried += 1
    assert tried == (4 if cold else 13)


def late_load(real: Any) -> Any:
    def load(self: Point, *asked: Any) -> Any:
        found = real(self, *asked)
        found.stamp = self.view[ALL] + self.view[found.slot]
        return found

    return load


def late_seen(real: Any) -> Any:
    def looked(self: Point, *asked: Any) -> Any:
        found = real(self, *asked)
        entry = found[0] if isinstance(found, tuple) else found
        entry.seen = self.view[ANY]
        return found

    return looked


def late_now(real: Any) -> Any:
    def stands_at(self: Point, *asked: Any) -> Any:
        found = real(self, *asked)
        found[0].now = self.view[ANY], found[1]
        return found

    return stands_at


def late_together(real: Any) -> Any:
    def gathered(self: Point, *asked: Any) -> Any:
        found = real(self, *asked)
        found.generation = self.view[ANY]
        return found

    return gathered


def late_who(real: Any) -> Any:
    def who(self: Asking, remembered: Point, header: str, at: int) -> Any:
        found = real(self, remembered, header, at)
        if found is not None:
            self.generation = remembered.view[ANY]
            self.known[header] = found._replace(generation=self.generation)
        return found

    return who


LATE = [
    (Point, "load", late_load, "state"),
    (Point, "subject", late_seen, "membership"),
    (Point, "place", late_seen, "state"),
    (Point, "goes_by", late_seen, "name"),
    (Point, "stands_at", late_now, "state"),
    (Point, "gathered", late_together, "suspension"),
    (Asking, "who", late_who, "key of the asker"),
]


@pytest.mark.parametrize(("owner", "name", "late", "change"), LATE, ids=[one[1] for one in LATE])
def test_what_is_read_too_late_is_caught(scene, monkeypatch, owner, name, late, change):
    """A stamp or a generation read after what it stands for."""
    monkeypatch.setattr(owner, name, late(getattr(owner, name)))
    changed = scene.changes()[change]
    assert any(any(scene.turns(scene.checked, changed, cold=cold)) for cold in (False, True))
