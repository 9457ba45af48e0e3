"""Acts on grants and roles at once: the rows follow all of them, and a revocation stays one."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.utils import timezone

from accounts.actions import grants, groups, roles, rows
from accounts.decision import Refused, decide
from accounts.grants import Reach, drift
from accounts.models import Grant, GroupPermission, Resource, Role, UserPermission
from registry.actions import assets, states, versions
from registry.models import Asset, Version
from tests.acting import rows as asked
from tests.cast import Cast, role
from tests.conftest import Committed
from tests.together import WAITS, Work, both, closed, outcome, until
from tests.worlds import SEEDS


class Scene:
    """A role of the house, held by Charlie: over all of the scans, and from version 1 on."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.lab = roles.create(
            slug="lab", name="Lab", permissions=["discover", "read", "download"], by=cast.erin
        )
        self.scans: Any = Asset.objects.get(pk=cast.scans.pk)
        self.version = versions.open_version(self.scans, by=cast.alice)
        self.whole = self.give(purpose="research")
        self.ranged = self.give(reach=Reach(1, None, "inherit"))

    def give(self, **how: Any) -> Grant:
        cast = self.cast
        role = Role.objects.get(slug="lab")
        return grants.give(role, cast.charlie, self.scans, by=cast.alice, **how)

    def edit(self) -> Role:
        few = sorted(self.lab.codenames())[:-1]
        return roles.edit(self.lab, name="Lab", permissions=few, by=self.cast.erin)

    def revoke(self) -> Grant:
        return grants.revoke(self.whole, by=self.cast.alice)

    def revoke_ranged(self) -> Grant:
        return grants.revoke(self.ranged, by=self.cast.alice)

    def suspend(self) -> Grant:
        return grants.suspend(self.ranged, reason="looked into", by=self.cast.alice)

    def narrow(self) -> Grant:
        soon = timezone.now() + timedelta(days=30)
        return grants.narrow(self.ranged, expires_at=soon, by=self.cast.alice)

    def give_more(self) -> Grant:
        return self.give(purpose="model_training")

    def open_version(self) -> Version:
        return versions.open_version(self.scans, by=self.cast.alice)

    def reconcile(self) -> Any:
        return rows.reconcile(by=self.cast.erin)


@pytest.fixture(scope="module")
def built(committed: Committed) -> bytes:
    return committed(Scene)


@pytest.fixture
def scene(built: bytes, transactional_db: None) -> Scene:
    found: Scene = pickle.loads(built)
    return found


def rows_of(grant: Grant) -> int:
    return sum(
        model.objects.filter(grant=grant).count() for model in (UserPermission, GroupPermission)
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("revoke", "edit"),
        ("edit", "revoke"),
        ("revoke_ranged", "open_version"),
        ("open_version", "revoke_ranged"),
    ],
)
def test_a_revocation_is_not_undone_by_who_writes_its_rows_anew(scene, first, second):
    revoked = scene.whole if "edit" in (first, second) else scene.ranged
    both(getattr(scene, first), getattr(scene, second))
    assert Grant.objects.get(pk=revoked.pk).status == "revoked"
    assert rows_of(revoked) == 0
    assert drift() == []
    other = scene.ranged if revoked == scene.whole else scene.whole
    grants.revoke(other, by=scene.cast.alice)
    for place in Resource.objects.filter(path__startswith=scene.scans.path):
        assert not decide(scene.cast.charlie, "discover", place).allowed


def test_mending_rows_undoes_no_revocation(scene, owner):
    owner.execute("delete from accounts_userpermission where grant_id = %s", [scene.whole.pk])
    owner.commit()
    assert drift()
    both(scene.revoke, scene.reconcile)
    assert rows_of(scene.whole) == 0
    assert drift() == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("give_more", "edit"),
        ("edit", "give_more"),
        ("narrow", "edit"),
        ("edit", "narrow"),
        ("suspend", "edit"),
        ("suspend", "open_version"),
        ("narrow", "open_version"),
        ("open_version", "narrow"),
    ],
)
def test_rows_say_what_both_acts_left(scene, first, second):
    done = both(getattr(scene, first), getattr(scene, second))
    assert not [one for one in done if isinstance(one, Exception)]
    assert drift() == []
    held = {
        row.permission.codename for row in UserPermission.objects.filter(user=scene.cast.charlie)
    }
    assert held == scene.lab.codenames()


def test_nobody_is_given_a_role_that_retires(scene):
    for grant in (scene.whole, scene.ranged):
        grants.revoke(grant, by=scene.cast.alice)
    retired, refused = both(lambda: roles.retire(scene.lab, by=scene.cast.erin), scene.give_more)
    assert isinstance(retired, Role) and isinstance(refused, ValidationError)


def test_two_edits_of_a_role_never_widen_it(scene):
    def narrow_to(*permissions: str) -> Work:
        by = scene.cast.erin
        return lambda: roles.edit(scene.lab, name="Lab", permissions=permissions, by=by)

    _, refused = both(narrow_to("discover"), narrow_to("discover", "read"))
    assert isinstance(refused, ValidationError)
    assert scene.lab.codenames() == {"discover"}


def test_who_waits_and_was_put_out_meanwhile_gives_nothing(scene, owner):
    """Petra's act waits for the resource; what let her begin it is gone when she gets it."""
    cast, scans = scene.cast, scene.scans
    stewards = groups.create(name="stewards", by=cast.erin)
    groups.add_member(stewards, cast.petra, by=cast.erin)
    grants.give(role("steward"), stewards, scans, by=cast.alice)

    def give() -> Any:
        with closed():
            return grants.give(role("reader"), cast.dana, scans, by=cast.petra)

    owner.execute("select from accounts_resource where id = %s for update", [scans.pk])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(give)
        until(lambda: asked(WAITS) != [0] or waiting.done())
        groups.remove_member(stewards, cast.petra, by=cast.erin)
        owner.rollback()
        refused = outcome(waiting)
    assert isinstance(refused, Refused)
    assert not Grant.objects.filter(user=cast.dana, resource=scans).exists()


@pytest.mark.parametrize("take", ["revoke", "suspend"])
def test_who_narrows_their_own_escapes_nothing(scene, take):
    """Charlie narrows while Alice takes it away, by the address that she has on her screen."""
    ends = iter(timezone.now() + timedelta(days=days) for days in range(90, 1, -1))

    def narrow() -> Grant:
        mine = Grant.objects.open().get(user=scene.cast.charlie, first_version=1)
        return grants.narrow(mine, expires_at=next(ends), by=scene.cast.charlie)

    narrow()
    both(narrow, getattr(scene, "revoke_ranged" if take == "revoke" else "suspend"))
    assert {grant.status for grant in succession(scene.ranged)[-1:]} <= {"revoked", "suspended"}
    assert rows_of(succession(scene.ranged)[-1]) == 0
    assert drift() == []


def succession(grant: Grant) -> list[Grant]:
    found = [Grant.objects.get(pk=grant.pk)]
    while (later := found[-1].replaced_by.first()) is not None:
        found.append(later)
    return found


def test_the_database_keeps_no_row_of_a_closed_grant(scene, owner):
    """Not of its own owner either."""
    kept = UserPermission.objects.filter(grant=scene.whole).values_list("permission", flat=True)
    permission = kept[0]
    scene.revoke()
    with pytest.raises(Exception, match="is not open"):
        owner.execute(
            "insert into accounts_userpermission (grant_id, user_id, permission_id,"
            " content_object_id, starts_at, kind) values (%s, %s, %s, %s, now(), '')",
            [scene.whole.pk, scene.cast.charlie.pk, permission, scene.scans.pk],
        )


def anything(scene: Scene) -> list[Work]:
    cast, scans = scene.cast, scene.scans
    model = assets.register(cast.oncology, "model", slug="tumour", by=cast.alice)
    made = versions.open_version(model, by=cast.alice)

    def one_of(choose: Callable[[Any], Any]) -> Any:
        found = Grant.objects.open().filter(user=cast.charlie).order_by("?").first()
        return choose(found) if found else scene.give_more()

    def bar() -> Any:
        barred = Random().sample(["marketing", "security", "inference"], 2)
        return assets.edit(scans, prohibited_purposes=barred, by=cast.alice)

    return [
        scene.edit,
        scene.open_version,
        scene.give_more,
        bar,
        lambda: scene.give(reach=Reach(1, None, "inherit"), purpose="research"),
        lambda: one_of(lambda grant: grants.revoke(grant, by=cast.alice)),
        lambda: one_of(lambda grant: grants.suspend(grant, reason="x", by=cast.alice)),
        lambda: one_of(lambda grant: grants.resume(grant, by=cast.alice)),
        lambda: one_of(lambda grant: grants.narrow(grant, purpose="research", by=cast.alice)),
        lambda: versions.withdraw(latest(scans), reason="x", by=cast.alice),
        lambda: versions.record_lineage(made, scene.version, "trained_on", by=cast.alice),
        lambda: versions.record_lineage(scene.version, made, "trained_on", by=cast.alice),
        lambda: assets.edit(model, prohibited_purposes=["legal_obligation"], by=cast.alice),
        lambda: states.set_state(scans, "published", by=cast.alice),
    ]


def latest(asset: Any) -> Version:
    found: Version = Version.objects.filter(parent=asset.pk).latest("number")
    return found


def busy(ways: list[Work], seed: int, end: float) -> tuple[int, list[str]]:
    chance, done, stuck = Random(seed), 0, []
    with closed():
        while time.monotonic() < end:
            try:
                chance.choice(ways)()
                done += 1
            except (ValidationError, PermissionDenied):
                pass
            except OperationalError as error:
                stuck.append(str(error))
    return done, stuck


def test_many_acts_at_once_never_wait_for_each_other_in_a_circle(scene, caplog):
    """Each at random from whatever there is, each on a connection of its own."""
    ways, end = anything(scene), time.monotonic() + 2 * len(SEEDS)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda seed: busy(ways, seed, end), range(4)))
    assert [stuck for _, stuck in found if stuck] == []
    assert "is done again" not in caplog.text  # it would be, after a circle
    assert sum(done for done, _ in found) > 10
    assert drift() == []
