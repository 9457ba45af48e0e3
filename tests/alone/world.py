"""Something shut to each of them in every way that the decision knows, one act from opening."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from access.actions import requests
from accounts.actions import agreements, groups, keys, people, roles, services
from accounts.grants import Reach, open_grant, suspend_grant
from accounts.models import Resource, User
from accounts.models.vocabulary import State
from audit.actions import erasures, exports, keeping, searches
from audit.search import Search
from gateway.actions import aliases, properties, routes
from registry.actions import assets, files, projects, states, versions
from tests.acting import do
from tests.attempts import ALIAS, CONDITION, ROUTE
from tests.cast import Cast, role

SOON = timedelta(hours=1)


def build(cast: Cast) -> None:
    catalogue(cast)
    wards = people_and_groups(cast)
    custom_roles(cast)
    written_down(cast)
    do(lambda: shut(cast, wards), by=cast.erin)
    assets.edit(cast.scans, required_agreements=["dua"], by=cast.alice)
    wanted = Resource.objects.get(pk=cast.scans.pk)
    asked: dict[str, Any] = {"purpose": "research", "justification": "x"}
    requests.submit(wanted, role("contributor"), by=cast.bob, **asked)


def catalogue(cast: Cast) -> None:
    alice, bob, erin = cast.alice, cast.bob, cast.erin
    states.set_state(cast.scans, State.PUBLISHED, by=alice)
    version = versions.open_version(cast.scans, by=alice)
    files.upload(version, "a.csv", [b"a"], by=alice)
    versions.approve(version, by=alice)
    files.upload(versions.open_version(cast.scans, by=alice), "a.csv", [b"a"], by=alice)
    assets.register(cast.oncology, "dataset", slug="notes", by=alice)  # stays a draft
    elsewhere = projects.register(slug="elsewhere", owner=bob, by=erin)
    other = assets.register(elsewhere, "dataset", slug="x", by=bob)
    versions.open_version(other, by=bob)


def people_and_groups(cast: Cast) -> Group:
    """`lab` denies, `wards` would give; of the services one sleeps, and its keeper may wake it."""
    erin = cast.erin
    lab, wards = (groups.create(name=name, by=erin) for name in ("lab", "wards"))
    groups.add_member(lab, cast.petra, by=erin)
    groups.add_member(cast.researchers, cast.alice, by=erin)
    mole = services.register(username="mole", owner=erin, by=erin)
    people.deactivate(mole.user, by=erin)
    gone = people.invite(username="gone", email="gone@example.org", by=erin)
    people.deactivate(gone, by=erin)
    month = timezone.now() + timedelta(days=30)
    scopes = ["discover", "read", "invoke"]
    for kind in ("s", "c"):
        keys.issue(
            cast.scoring.user, name=kind, scopes=scopes, expires_at=month, kind=kind, by=cast.alice
        )
    return wards


def custom_roles(cast: Cast) -> None:
    for slug, permissions in {
        "lab": ["read", "download"],
        "judge": ["discover", "approve_version", "grant"],
        "desk": ["discover", "read", "review"],
        "spare": ["discover", "read", "upload"],
    }.items():
        roles.create(slug=slug, name=slug.title(), permissions=permissions, by=cast.erin)
    agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)
    ethics = agreements.define(slug="ethics", kind="ethics", title="Ethics", by=cast.erin)
    agreements.record(ethics, cast.alice, by=cast.erin)


def shut(cast: Cast, wards: Group) -> None:
    """Suspended, denied, for some versions, for another purpose, through a group, until soon."""
    place = {r.path: r for r in Resource.objects.all()}
    oncology, scans, x = (place[p] for p in ("/oncology/", "/oncology/ct-scans/", "/elsewhere/x/"))
    lab = Group.objects.get(name="lab")
    mole = User.objects.get(username="mole")

    def held(slug: str, subject: User | Group, on: Resource, **how: Any) -> Any:
        return open_grant(role(slug), subject, on, by=cast.dana, **how)

    for person in (cast.bob, cast.dana, cast.petra, cast.erin, cast.charlie):
        reader = held("reader", person, scans)
        if person in (cast.charlie, cast.bob):
            suspend_grant(reader, by=cast.erin, reason="x")
    suspend_grant(held("deployer", cast.alice, scans), by=cast.erin, reason="x")
    for subject in (cast.alice, cast.dana, cast.erin, lab):
        held("contributor", subject, x)
        held("reader", subject, x, effect="deny")
    held("contributor", cast.alice, place["/elsewhere/"])
    held("reader", cast.scoring.user, x, reach=Reach(1, 1, "ask"), purpose="research")
    held("deployer", cast.scoring.user, scans, expires_at=timezone.now() + SOON)
    held("deployer", wards, oncology)
    held("reader", mole, x)
    held("lab", cast.bob, oncology)
    held("lab", cast.charlie, oncology, purpose="marketing")
    held("judge", cast.charlie, oncology)
    held("judge", cast.scoring.user, oncology)
    held("reviewer", cast.bob, oncology)
    held("desk", cast.erin, scans, effect="deny")
    held("spare", cast.erin, place["/elsewhere/"])


def written_down(cast: Cast) -> None:
    """Rows to lay hands on for what gives nobody any access."""
    erin = cast.erin
    aliases.add(**ALIAS, by=erin)
    properties.add_condition(**CONDITION, by=erin)
    properties.add_fact(name="x", value=1, person=cast.bob, by=erin)
    routes.add(**ROUTE, by=erin)
    keeping.place_hold("/", "x", by=erin)
    erasures.ask_erasure(User.objects.get(username="gone"), "x", by=erin)
    exports.export(Search.of("x"), format="jsonl", by=cast.dana)
    searches.save_search(Search.of("x"), name="mine", shared=True, by=cast.dana)
