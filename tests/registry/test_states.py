"""Which state follows which, what must be known first, and what each state shows and gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from psycopg.errors import LockNotAvailable

from accounts.actions import grants
from accounts.decision import allowed, site
from accounts.models import Resource, StatePeriod
from accounts.models.vocabulary import Kind, State
from accounts.permissions import Permission
from accounts.queries import lock
from audit.models import Event
from registry import queries
from registry.actions import assets, projects, states, versions
from registry.models import Asset, Dataset, Project
from registry.rules import TRANSITIONS, next_states, require_transition
from tests.acting import do
from tests.cast import SCANS, role


@pytest.fixture
def scans(cast) -> Asset:
    return Asset.objects.get(pk=cast.scans.pk)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("state", State)
def test_the_table(kind, state):
    resource = Resource(kind=kind, state=state)
    after = TRANSITIONS.get(kind, {}).get(state, ())
    assert next_states(resource) == after
    for target in State:
        if target in after:
            require_transition(resource, target)
        else:
            with pytest.raises(ValidationError) as error:
                require_transition(resource, target)
            assert list(error.value.message_dict) == ["state"]


def test_every_state_of_a_kind_is_reached_and_known():
    for kind, table in TRANSITIONS.items():
        reached = {target for after in table.values() for target in after}
        assert reached <= set(table), kind
    assert {state for table in TRANSITIONS.values() for state in table} == set(State)


@pytest.mark.parametrize("model", [Resource, Asset, Dataset])
def test_one_resource_is_one_lock_whatever_it_is_read_as(cast, owner, model):
    """Another session finds the row taken; references to it are still free."""
    row = model.objects.get(pk=cast.scans.pk)
    found = do(lambda: lock(row), by=cast.erin)
    assert (type(found), found.pk) == (model, row.pk)
    taken = "select 1 from accounts_resource where id = %s for {} nowait"
    owner.execute(taken.format("key share"), [row.pk])
    with pytest.raises(LockNotAvailable):
        owner.execute(taken.format("no key update"), [row.pk])


ACTS: dict[str, Callable[[Any], Any]] = {
    "resource.set_state": lambda w: states.set_state(w.scans, "published", by=w.alice),
    "asset.edit": lambda w: assets.edit(Dataset.objects.get(pk=w.scans.pk), name="x", by=w.alice),
    "version.open": lambda w: versions.open_version(w.scans, by=w.alice),
    "grant.open": lambda w: grants.give(role("reader"), w.bob, w.scans, by=w.alice),
}


@pytest.mark.parametrize("verb", ACTS)
def test_each_act_on_a_resource_takes_that_lock(cast, owner, verb):
    cast.scans = Asset.objects.get(pk=cast.scans.pk)
    assert ACTS[verb](cast)
    with pytest.raises(LockNotAvailable):
        owner.execute(
            "select 1 from accounts_resource where id = %s for no key update nowait",
            [cast.scans.pk],
        )


def test_a_state_has_its_period(cast, scans):
    states.set_state(scans, "published", by=cast.alice)
    periods = StatePeriod.objects.filter(resource_id=scans.pk).order_by("opened_at")
    assert [period.state for period in periods] == ["draft", "published"]
    assert periods[0].closed_at == periods[1].opened_at
    assert periods[1].closed_at is None


def test_a_state_that_does_not_follow_changes_nothing(cast, scans):
    for state in ("withdrawn", "approved", "nonsense", ""):
        with pytest.raises(ValidationError):
            states.set_state(scans, state, by=cast.alice)
    assert Asset.objects.get(pk=scans.pk).state == "draft"
    assert StatePeriod.objects.filter(resource_id=scans.pk).count() == 1


def test_a_version_is_frozen_by_its_own_verb_only(cast, scans):
    """Otherwise it would be approved without files and without a revision."""
    version = versions.open_version(scans, by=cast.alice)
    with pytest.raises(ValidationError) as error:
        states.set_state(version, "approved", by=cast.alice)
    assert list(error.value.message_dict) == ["state"]
    version.refresh_from_db()
    assert (version.state, version.revision) == ("pending", "")


def test_the_site_has_no_other_state(cast):
    with pytest.raises((ValidationError, PermissionDenied)):
        states.set_state(site(), "retired", by=cast.erin)
    assert site().state == "active"


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ({"lawful_basis": ""}, "lawful_basis"),
        ({"special_basis": ""}, "special_basis"),
        ({"permitted_purposes": []}, "permitted_purposes"),
    ],
)
def test_personal_data_is_published_with_its_basis(cast, missing, field):
    facts = SCANS | missing
    draft = assets.register(cast.oncology, "dataset", slug="more", by=cast.alice, **facts)
    with pytest.raises(ValidationError) as error:
        states.set_state(draft, "published", by=cast.alice)
    assert list(error.value.message_dict) == [field]
    assets.edit(draft, by=cast.alice, **SCANS)
    assert states.set_state(draft, "published", by=cast.alice).state == "published"


def test_what_is_published_stays_publishable(cast, scans):
    scans = states.set_state(scans, "published", by=cast.alice)
    with pytest.raises(ValidationError):
        assets.edit(scans, lawful_basis="", by=cast.alice)
    assert Asset.objects.get(pk=scans.pk).lawful_basis == "6.1.e"


def test_data_about_nobody_needs_none(cast):
    draft = assets.register(cast.oncology, "dataset", slug="weather", by=cast.alice)
    assert states.set_state(draft, "published", by=cast.alice).state == "published"


@pytest.mark.parametrize("name", ["bob", "charlie", "dana", "erin", "petra"])
def test_a_draft_is_there_for_its_editors_only(cast, scans, name):
    person = getattr(cast, name)
    for listed in (queries.assets(person), queries.datasets(person)):
        assert scans.pk not in listed.values_list("pk", flat=True)
    assert queries.counts(person).get("dataset", 0) == 0
    assert list(queries.assets(person, text="CT")) == []


def test_a_draft_under_a_reader_stays_closed(cast, scans):
    grants.give(role("reader"), cast.bob, cast.oncology, by=cast.alice)
    assert scans.pk not in queries.assets(cast.bob).values_list("pk", flat=True)
    states.set_state(scans, "published", by=cast.alice)
    assert scans.pk in queries.assets(cast.bob).values_list("pk", flat=True)


def test_the_withdrawn_shows_itself_and_gives_nothing(cast, scans):
    grants.give(role("reader"), cast.bob, scans, by=cast.alice)
    for state in ("published", "withdrawn"):
        scans = states.set_state(scans, state, by=cast.alice)
    assert allowed(cast.bob, Permission.READ, scans)
    for person in (cast.bob, cast.alice):
        for use in (Permission.DOWNLOAD, Permission.UPLOAD, Permission.DEPLOY, Permission.INVOKE):
            assert not allowed(person, use, scans)
    states.set_state(scans, "published", by=cast.petra)
    assert allowed(cast.bob, Permission.DOWNLOAD, scans)


def test_what_was_withdrawn_is_not_given_back_by_who_keeps_it(cast, scans):
    """A steward, an admin and a mere reviewer try: it would protect the data less (ADR 0011)."""
    grants.give(role("reviewer"), cast.dana, scans, by=cast.alice)
    for state in ("published", "withdrawn"):
        scans = states.set_state(scans, state, by=cast.alice)
    for person in (cast.alice, cast.erin, cast.dana):
        with pytest.raises(PermissionDenied):
            states.set_state(scans, "published", by=person)
    scans.refresh_from_db()
    assert scans.state == "withdrawn"
    states.set_state(scans, "retired", by=cast.alice)  # the stricter way stays theirs


def test_the_privacy_officer_does_not_give_it_back_to_herself(cast, scans):
    grants.give(role("reader"), cast.petra, scans, by=cast.alice)
    for state in ("published", "withdrawn"):
        scans = states.set_state(scans, state, by=cast.alice)
    with pytest.raises(PermissionDenied, match="second person"):
        states.set_state(scans, "published", by=cast.petra)


def test_a_project_is_closed_by_those_who_keep_the_policies(cast):
    with pytest.raises(PermissionDenied):
        states.set_state(cast.oncology, "retired", by=cast.alice)
    assert states.set_state(cast.oncology, "retired", by=cast.erin).state == "retired"


def test_an_admin_does_not_give_a_retired_project_back_to_herself(cast, scans):
    """What a project closes, opens again by the hand of somebody who uses nothing in it."""
    states.set_state(scans, "published", by=cast.alice)
    grants.give(role("reader"), cast.erin, scans, by=cast.alice)
    grants.give(role("admin"), cast.dana, site(), by=cast.erin)
    states.set_state(cast.oncology, "retired", by=cast.dana)
    assert not allowed(cast.erin, Permission.DOWNLOAD, scans)
    with pytest.raises(PermissionDenied, match="second person"):
        states.set_state(cast.oncology, "active", by=cast.erin)
    assert not allowed(cast.erin, Permission.DOWNLOAD, scans)
    states.set_state(cast.oncology, "active", by=cast.dana)
    assert allowed(cast.erin, Permission.DOWNLOAD, scans)


@pytest.mark.parametrize("slug", ["", "new", "two words", "a/b", "..", "ümlaut", "x" * 101])
def test_an_address_is_one_clean_word(cast, slug):
    with pytest.raises(ValidationError) as error:
        assets.register(cast.oncology, "dataset", slug=slug, by=cast.alice)
    assert "slug" in error.value.message_dict
    with pytest.raises(ValidationError):
        projects.register(slug=slug, owner=cast.alice, by=cast.erin)


def test_an_address_is_given_once_whatever_the_kind(cast):
    with pytest.raises(ValidationError):
        assets.register(cast.oncology, "model", slug="ct-scans", by=cast.alice)
    with pytest.raises(ValidationError):
        projects.register(slug="oncology", owner=cast.alice, by=cast.erin)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"classification": "secret"}, "classification"),
        ({"categories": ["gossip"]}, "categories"),
        ({"permitted_purposes": ["world_domination"]}, "permitted_purposes"),
        ({"lawful_basis": "7"}, "lawful_basis"),
        ({"framework": "torch"}, "framework"),
        ({"state": "published"}, "state"),
        ({"owner": None}, "owner"),
    ],
)
def test_what_is_wrong_is_named(cast, facts, field):
    with pytest.raises(ValidationError) as error:
        assets.register(cast.oncology, "dataset", slug="more", by=cast.alice, **facts)
    assert list(error.value.message_dict) == [field]
    assert not Resource.objects.filter(slug="more").exists()
    assert Event.objects.latest("id").outcome == "failed"


def test_an_address_that_something_left_stays_its_own(cast, scans):
    """Routes of gateways and links go on meaning what had it: nothing else takes its place."""
    elsewhere = projects.register(slug="elsewhere", owner=cast.bob, by=cast.erin)
    grants.give(role("contributor"), cast.alice, elsewhere, by=cast.bob)
    grants.give(role("contributor"), cast.charlie, cast.oncology, by=cast.alice)
    other = assets.register(elsewhere, "model", slug="weather", by=cast.bob)
    namesake = assets.register(elsewhere, "dataset", slug="ct-scans-too", by=cast.bob)
    moved = assets.move(scans, elsewhere, by=cast.alice)
    for kind in ("dataset", "model"):
        with pytest.raises(ValidationError, match="oncology/ct-scans was the address of"):
            assets.register(cast.oncology, kind, slug="ct-scans", by=cast.charlie)
    assert not Resource.objects.filter(path="/oncology/ct-scans/").exists()
    assets.register(cast.oncology, "model", slug="ct-scans-2", by=cast.charlie)
    assets.register(cast.oncology, "dataset", slug=other.slug, by=cast.charlie)
    assert assets.move(moved, cast.oncology, by=cast.alice).path == "/oncology/ct-scans/"
    assert namesake.path == "/elsewhere/ct-scans-too/"


def test_nothing_moves_to_an_address_that_something_else_left(cast, scans):
    for slug in ("second", "third"):
        project = projects.register(slug=slug, owner=cast.bob, by=cast.erin)
        grants.give(role("contributor"), cast.alice, project, by=cast.bob)
    second, third = (Project.objects.get(slug=slug) for slug in ("second", "third"))
    twin = assets.register(second, "dataset", slug="ct-scans", by=cast.alice)
    assets.move(scans, third, by=cast.alice)
    with pytest.raises(ValidationError, match="was the address of something that moved"):
        assets.move(twin, cast.oncology, by=cast.alice)
    assert Asset.objects.get(pk=twin.pk).path == "/second/ct-scans/"


def test_a_model_says_what_it_is_made_with(cast):
    model: Any = assets.register(
        cast.oncology, "model", slug="triage", framework="torch", by=cast.alice
    )
    assert model.framework == "torch"
    assert not Dataset.objects.filter(pk=model.pk).exists()
