"""Two changes at once of what a version rests on: neither leaves the other out."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.actions import agreements, grants, roles
from accounts.decision import decide
from accounts.grants import drift
from accounts.models import Resource
from accounts.permissions import Permission
from registry.actions import assets, versions
from registry.models import Asset, Version
from tests.cast import Cast, role
from tests.conftest import Committed
from tests.together import both


class Scene:
    """A version of one dataset that was made from one of another; Charlie reads it, and has signed
    nothing."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)
        keeps = ["discover", "read", "edit"]  # and no use of it, which an agreement would stop
        keeper = roles.create(slug="keeper", name="Keeper", permissions=keeps, by=cast.erin)
        grants.give(keeper, cast.dana, cast.oncology, by=cast.alice)
        self.cohort, self.subset = (self.register(slug) for slug in ("cohort", "subset"))
        self.source = versions.open_version(self.cohort, by=cast.alice)
        self.made = versions.open_version(self.subset, by=cast.alice)
        grants.give(role("contributor"), cast.charlie, self.subset, by=cast.alice)

    def register(self, slug: str) -> Any:
        return assets.register(self.cast.oncology, "dataset", slug=slug, by=self.cast.alice)

    def require(self, asset: Asset, *slugs: str) -> Any:
        fresh = Asset.objects.get(pk=asset.pk)
        return assets.edit(fresh, required_agreements=list(slugs), by=self.cast.dana)

    def derive(self, child: Version, parent: Version) -> Any:
        return versions.record_lineage(child, parent, "derived_from", by=self.cast.alice)

    def may(self) -> bool:
        made = Resource.objects.get(pk=self.made.pk)
        return decide(self.cast.charlie, Permission.DOWNLOAD, made).allowed


@pytest.fixture(scope="module")
def built(committed: Committed) -> bytes:
    return committed(Scene)


@pytest.fixture
def scene(built: bytes, transactional_db: None) -> Scene:
    found: Scene = pickle.loads(built)
    return found


@pytest.mark.parametrize("turned", [False, True])
def test_one_drops_an_agreement_as_another_asks_for_it(scene, turned):
    scene.derive(scene.made, scene.source)
    scene.require(scene.cohort, "dua")
    assert not scene.may()

    def drop() -> Any:
        return scene.require(scene.cohort)

    def ask() -> Any:
        return scene.require(scene.subset, "dua")

    done = both(ask, drop) if turned else both(drop, ask)
    assert not [one for one in done if isinstance(one, Exception)]
    assert not scene.may()
    assert drift() == []


def test_both_ask_for_something_else(scene):
    scene.derive(scene.made, scene.source)

    def bar(asset: Asset, purpose: str) -> Any:
        fresh = Asset.objects.get(pk=asset.pk)
        return assets.edit(fresh, prohibited_purposes=[purpose], by=scene.cast.dana)

    done = both(
        lambda: bar(scene.cohort, "marketing"), lambda: bar(scene.subset, "legal_obligation")
    )
    assert not [one for one in done if isinstance(one, Exception)]
    made = Resource.objects.get(pk=scene.made.pk)
    assert {"marketing", "legal_obligation"} <= set(made.standing.barred)
    assert drift() == []


def test_what_is_derived_while_its_source_becomes_stricter(scene):
    both(lambda: scene.derive(scene.made, scene.source), lambda: scene.require(scene.cohort, "dua"))
    assert not scene.may()
    assert drift() == []


def test_two_are_not_made_from_each_other(scene):
    with pytest.raises((IntegrityError, ValidationError)):
        for one in both(
            lambda: scene.derive(scene.made, scene.source),
            lambda: scene.derive(scene.source, scene.made),
        ):
            if isinstance(one, Exception):
                raise one
    versions_of = Version.objects.filter(pk__in=[scene.made.pk, scene.source.pk])
    assert sum(len(version.sources) for version in versions_of) == 1
    assert drift() == []
