"""The decision out of memory: the same answers, and never an old one."""

from __future__ import annotations

import pytest

from accounts.point import point
from tests.deciding.agreeing import build, differences


@pytest.mark.parametrize("seed", range(2))
def test_memory_sql_the_set_and_an_oracle_agree(heard, seed):
    world = build(seed)
    assert list(differences(world, seed, 200)) == []
    remembered = point.current()
    assert remembered is not None
    assert remembered.asked - remembered.left > 150
