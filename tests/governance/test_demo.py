"""The demo: real acts, repeatable, completed after an interruption, never among real people."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from access.models import AccessRequest, Status
from accounts.authentication import find_key
from accounts.models import Grant, User
from audit import trail
from audit.models import Event
from governance.demo import moments, requests
from registry.models import File, Lineage
from tests.cast import Cast


@pytest.fixture
def demo(cast: Cast, settings: Any, tmp_path: Path) -> str:
    """On top of the cast of the tests, as on a load that was interrupted early."""
    settings.DATA_DIR = tmp_path
    return load()


def load() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_it_tells_the_story_and_a_second_load_adds_nothing(demo: str, settings: Any) -> None:
    password = Path(settings.DATA_DIR) / "demo-password"
    assert password.stat().st_mode & 0o777 == 0o600
    assert password.read_text().strip() in demo
    everybody_signs_in(password.read_text().strip())
    thirty_requests()
    ended_and_refused()
    real_files()
    assert trail.findings() == []
    before = Event.objects.count()
    assert load() == demo
    assert Event.objects.count() == before


def everybody_signs_in(password: str) -> None:
    people = User.objects.filter(kind=User.Kind.HUMAN)
    assert all(person.check_password(password) for person in people)


def thirty_requests() -> None:
    assert len({wish.why for wish in requests.WISHES}) == 30
    found = Counter(AccessRequest.objects.values_list("status", flat=True))
    assert sum(found.values()) == 30
    # Not expired: that takes thirty days, and nothing here is backdated.
    assert set(found) == {Status.PENDING, Status.APPROVED, Status.REJECTED, Status.CANCELLED}
    assert AccessRequest.objects.filter(subject__username="scoring").count() >= 3


def ended_and_refused() -> None:
    assert Grant.objects.filter(closed_reason__startswith="The ").count() == 3
    brief = Grant.objects.exclude(expires_at=None).filter(origin=Grant.Origin.DIRECT)
    lengths = [(g.expires_at - g.starts_at).total_seconds() for g in brief if g.expires_at]
    assert lengths == pytest.approx([moments.SECONDS] * 3, abs=0.5)
    denied = Event.objects.filter(outcome=Event.Outcome.DENIED)
    reasons = set(denied.values_list("actor__username", "data__reason"))
    assert reasons == {("bob", "grant_expired"), ("charlie", "no_grant")}


def real_files() -> None:
    assert File.objects.get(path="breast_cancer.csv").blob is not None
    edge = Lineage.objects.get()
    assert (str(edge.child), str(edge.parent)) == (
        "oncology/breast-cancer-classifier@v1",
        "oncology/breast-cancer@v1",
    )


def test_production_is_left_alone(cast: Cast, settings: Any, tmp_path: Path) -> None:
    settings.PRODUCTION, settings.DATA_DIR = True, tmp_path
    with pytest.raises(CommandError, match="People work here"):
        call_command("demo", "--yes")
    assert not list(tmp_path.iterdir())


def test_an_empty_production_site_wants_a_yes(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRODUCTION = True
    monkeypatch.setattr("governance.demo.people.anybody", lambda: False)
    with pytest.raises(CommandError, match="add --yes"):
        call_command("demo")


def test_the_fixture_of_authzen_is_loaded_with_a_key_for_its_service(
    cast: Cast, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    first, second = StringIO(), StringIO()
    call_command("demo", "--authzen", stdout=first)
    call_command("demo", "--authzen", stdout=second)
    keys = [out.getvalue().removesuffix("\n") for out in (first, second)]
    assert len({find_key(key).pk for key in keys}) == 2  # printed alone, and another one each time
    assert {find_key(key).owner.username for key in keys} == {"pep"}
    assert Grant.objects.get(user__username="pep").role.codenames() == {"review"}
    assert trail.findings() == []
