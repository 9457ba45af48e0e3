"""What the database derives of a resource and of a subject, when anything it rests on changes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actions import people, services
from accounts.decision import decide
from accounts.models import Spell, Standing
from accounts.models.vocabulary import Classification
from accounts.permissions import Permission
from accounts.purposes import Purpose
from registry.actions import assets, states, versions
from registry.models import Asset, Version
from tests.acting import rows


def standing(resource) -> Standing:
    found: Standing = Standing.objects.get(resource=resource.pk, closed_at=None)
    return found


@pytest.fixture
def chain(cast) -> Any:
    """A model made from a version of the scans, and another one made from that model."""
    source = versions.open_version(cast.scans, by=cast.alice)
    found = [source]
    for slug in ("tumour-model", "distilled"):
        asset = assets.register(cast.oncology, "model", slug=slug, by=cast.alice)
        version = versions.open_version(asset, by=cast.alice)
        versions.record_lineage(version, found[-1], "trained_on", by=cast.alice)
        found.append(version)
    return found


def test_the_lists_of_the_database_are_those_of_the_code(db):
    assert rows("select unnest(accounts_purposes())") == Purpose.values
    ranks = [rows("select accounts_rank(%s)", name)[0] for name in Classification.values]
    assert ranks == [1, 2, 3, 4]


def test_the_strictest_of_what_it_was_made_from(cast, chain):
    _source, model, distilled = chain
    for made in (model, distilled):
        found = standing(made)
        assert found.classification == "restricted"
        assert found.categories == ["health", "personal"]
        assert "marketing" in found.barred and "research" not in found.barred
    assert Version.objects.get(pk=model.pk).classification == "internal"  # its own stays


def test_a_change_far_above_reaches_all_at_once(cast, chain):
    assets.edit(cast.scans, permitted_purposes=["research"], by=cast.alice)
    assert all("model_training" in standing(made).barred for made in chain)
    asked = decide(cast.alice, Permission.DOWNLOAD, chain[2], purpose="model_training")
    assert asked.reason == "purpose_not_permitted"
    past = Standing.objects.filter(resource=chain[2].pk, closed_at__isnull=False)
    assert "model_training" not in past.latest("opened_at").barred


def test_withdrawing_flags_what_descends_and_blocks_what_lies_below(cast, chain):
    states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    states.set_state(Asset.objects.get(pk=cast.scans.pk), "withdrawn", by=cast.alice)
    assert [standing(made).blocked for made in chain] == ["withdrawn", "", ""]
    assert [standing(made).flagged for made in chain] == [False, True, True]


def test_what_changes_nothing_opens_no_row(cast, chain):
    before = Standing.objects.count()
    assets.edit(cast.scans, description="Chest CT", by=cast.alice)
    assert Standing.objects.count() == before


def test_a_statement_of_the_owner_settles_too(cast, owner):
    """Beside the application: recorded as such, and no stale decision."""
    owner.execute("update accounts_resource set state = 'retired' where path = '/oncology/'")
    query = "select blocked from accounts_standing where resource_id = %s and closed_at is null"
    assert owner.execute(query, [cast.scans.pk]).fetchone() == ("retired",)


def test_history_has_no_gap_and_no_overlap(cast, chain):
    for classification in ("restricted", "confidential", "restricted"):
        assets.edit(cast.scans, classification=classification, by=cast.alice)
    found = list(Standing.objects.filter(resource=chain[1].pk).order_by("opened_at", "id"))
    assert len(found) > 2
    for earlier, later in pairwise(found):
        assert earlier.closed_at == later.opened_at
    assert found[-1].closed_at is None


def test_spells_follow_the_person_who_answers(cast):
    def live(user) -> list[Any]:
        return list(Spell.objects.filter(user=user, closed_at=None).values_list("answerable"))

    service = cast.scoring.user
    assert live(service) == [(cast.alice.pk,)]
    people.deactivate(cast.alice, by=cast.erin)
    assert live(service) == live(cast.alice) == []
    people.reactivate(cast.alice, by=cast.erin)
    assert live(service) == [(cast.alice.pk,)]
    services.hand_over(cast.scoring, cast.bob, by=cast.erin)
    assert live(service) == [(cast.bob.pk,)]
    during = Spell.objects.filter(user=service, opened_at__lte=timezone.now())
    assert during.count() == 3


@pytest.mark.parametrize("table", ["accounts_standing", "accounts_spell"])
def test_nobody_writes_them_outside_an_act(cast, table):
    with connection.cursor() as cursor, pytest.raises(Exception, match="act"):
        cursor.execute(f"update {table} set closed_at = now()")
