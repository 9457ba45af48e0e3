"""The decision out of memory: the same answers, and never an old one."""

from __future__ import annotations

from tests import worlds
from tests.cast import gathered
from tests.deciding import race
from tests.deciding.agreeing import Tally, build, differences
from tests.deciding.world import owner


def test_memory_sql_the_sets_and_an_oracle_agree(heard):
    """Half of it allowed, every reason among the rest. The large size is `make prove-decide`."""
    tally = Tally()
    for seed in range(2 * len(worlds.SEEDS)):
        assert list(differences(build(seed), seed, 150, tally, paths=3)) == []
    assert tally.least >= 80 * len(worlds.SEEDS)
    assert tally.lacks(each=len(worlds.SEEDS)) == []


def test_no_stale_allow_while_everything_changes(heard):
    """The large size is `make prove-decide`."""
    tally = race.run(race.Scene(gathered()), seconds=2)
    assert tally.stale == tally.late == 0
    assert tally.writes > 5
    assert tally.remembered > 0.5 * tally.checks > 1000


def test_a_stamp_read_too_late_would_be_caught(heard):
    """By chance, so it gets many, short ones, until the first that shows it."""
    scene = race.Scene(gathered())
    tallies = (race.run(scene, seconds=0.7, sabotaged=True) for _ in range(24))
    assert any(tally.stale + tally.late for tally in tallies)


def test_a_change_too_large_to_name_is_said_to_every_listener(db):
    """Hundreds of statements in one transaction: other hosts hear as much as this one."""
    with owner() as ear:
        ear.autocommit = True
        ear.execute("listen accounts_touched")
        with owner() as mouth, mouth.transaction():
            for number in range(700):
                mouth.execute("select accounts_touch(array[%s])", [f"r:{number}"])
            mouth.execute("select accounts_touch(array['u:bob'])")
        heard = [one.payload for one in ear.notifies(timeout=1)]
    assert "*" in heard
    assert len(heard) < 700
