"""What is derived of two changes at once, of a thing and of what it rests on, knows of both."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.actions import agreements, people, services
from accounts.grants import drift
from accounts.models import User
from registry.actions import assets, projects, states, versions
from registry.models import Asset, Project, Version
from tests.cast import Cast, gathered
from tests.together import both


class Tree:
    """A model made from a version of the scans, and a project to move it to."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        alice = cast.alice
        self.scans: Any = Asset.objects.get(pk=cast.scans.pk)
        self.source = versions.open_version(self.scans, by=alice)
        self.model = assets.register(cast.oncology, "model", slug="tumour", by=alice)
        self.made = versions.open_version(self.model, by=alice)
        self.other = projects.register(slug="other", owner=alice, by=cast.erin)
        agreements.define(slug="dua", kind="data_use", title="DUA", by=cast.erin)

    def record(self) -> Any:
        made, source = self.made, self.source
        return versions.record_lineage(made, source, "trained_on", by=self.cast.alice)

    def make_stricter(self) -> Any:
        asset = Asset.objects.get(pk=self.scans.pk)
        facts = {"prohibited_purposes": ["marketing"], "required_agreements": ["dua"]}
        return assets.edit(asset, by=self.cast.alice, **facts)

    def move(self) -> Any:
        asset = Asset.objects.get(pk=self.model.pk)
        return assets.move(asset, self.other, by=self.cast.alice)

    def retire(self) -> Any:
        other = Project.objects.get(pk=self.other.pk)
        return states.set_state(other, "retired", by=self.cast.erin)


@pytest.fixture
def tree(transactional_db: None) -> Tree:
    return Tree(gathered())


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("pair", [("record", "make_stricter"), ("move", "retire")])
def test_what_a_thing_rests_on_changes_while_it_is_laid_there(tree, pair, turn):
    done = both(*(getattr(tree, name) for name in pair[::turn]))
    assert not [one for one in done if isinstance(one, Exception)], done
    assert drift() == []
    made = Version.objects.get(pk=tree.made.pk).standing
    if "record" in pair:
        assert made.agreements == ["dua"] and "marketing" in made.barred
    else:
        assert made.blocked == "retired"


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("way", ["register", "hand_over"])
def test_no_service_lives_by_somebody_who_is_deactivated_meanwhile(transactional_db, way, turn):
    cast = gathered()

    def serve() -> Any:
        if way == "hand_over":
            return services.hand_over(cast.scoring, cast.charlie, by=cast.erin)
        return services.register(username="fresh", owner=cast.charlie, by=cast.erin)

    both(*[serve, lambda: people.deactivate(cast.charlie, by=cast.erin)][::turn])
    assert drift() == []
    assert not [one for one in charlies(cast) if one.is_live]


def charlies(cast: Cast) -> Any:
    return User.objects.filter(service_account__owner=cast.charlie)
