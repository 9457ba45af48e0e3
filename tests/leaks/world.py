"""What is there, and not for everybody: one thing in each state, and all that hangs on it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from access.actions import requests
from accounts.actions import agreements, grants, groups, keys, people, services
from accounts.models import Agreement, Resource, ServiceAccount, User
from accounts.models.vocabulary import State
from audit.actions import erasures, exports, keeping, searches
from audit.models import Event
from audit.search import Search
from gateway.actions import aliases, properties, routes
from gateway.models import DecisionCount
from registry.actions import assets, files, projects, states, versions
from registry.models import Asset, Project, Version
from tests.cast import Cast, role

CANARY = "xanthippe"
NONSENSE = "zyzzogeta"  # as long: no length of an answer may differ either
KEEPER = f"{CANARY}-keeper"
VAULT = f"{CANARY}-vault"
WORDS = {"name": f"{CANARY} name", "description": f"{CANARY} text", "card": f"{CANARY} card"}
ASSETS = (State.DRAFT, State.PUBLISHED, State.DEPRECATED, State.WITHDRAWN, State.RETIRED)
# In the suite each meets each in turns; with `WORLDS=2` and more, all meet all.
ALL = int(os.environ.get("WORLDS", "1")) > 1
HOUR = timedelta(hours=1)


@dataclass
class Hidden:
    """Resources by kind and state; of every other noun one row, by the noun of its address."""

    places: dict[str, dict[str, Any]]
    ids: dict[str, Any]
    file: str


def prepare(cast: Cast) -> None:
    """What is known to everybody, or to givers, is there before and after; and Alice, who gives,
    has more than one of what can be put in an order."""
    agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)
    states.set_state(cast.scans, State.PUBLISHED, by=cast.alice)
    net = assets.register(cast.oncology, "model", slug="net", name="Net", by=cast.alice)
    states.set_state(net, State.PUBLISHED, by=cast.alice)
    for asset in (Asset.objects.get(pk=cast.scans.pk), net):
        version = versions.open_version(asset, by=cast.alice)
        files.upload(version, "a.csv", [b"a"], by=cast.alice)
    keeper = people.invite(
        username=KEEPER, email=f"{KEEPER}@example.org", name=CANARY, by=cast.erin
    )
    groups.create(name=CANARY, by=cast.erin)
    services.register(username=f"{CANARY}-service", owner=keeper, by=cast.erin)


def put(asset: Asset, state: str, by: User) -> Asset:
    """By the way there: what is withdrawn was published once."""
    through = {State.DRAFT: (), State.PUBLISHED: (), State.RETIRED: ()}
    steps = [] if state == State.DRAFT else [*through.get(State(state), (State.PUBLISHED,)), state]
    for step in steps:
        asset = Asset.objects.get(pk=asset.pk)
        states.set_state(asset, step, by=by)
    return Asset.objects.get(pk=asset.pk)


def hide_assets(vault: Project, kind: str, keeper: User) -> dict[str, Asset]:
    found = {}
    for state in ASSETS:
        required = ["dua"] if state == State.DEPRECATED else []
        facts: dict[str, Any] = WORDS | {"required_agreements": required}
        asset = assets.register(vault, kind, slug=f"{CANARY}-{kind}-{state}", by=keeper, **facts)
        found[str(state)] = put(asset, state, keeper)
    return found


def hide_versions(asset: Asset, keeper: User) -> dict[str, Version]:
    found = {}
    for state in (State.PENDING, State.APPROVED, State.WITHDRAWN):
        version = versions.open_version(asset, notes=CANARY, by=keeper)
        files.upload(version, f"{CANARY}.csv", [CANARY.encode(), str(state).encode()], by=keeper)
        if state != State.PENDING:
            versions.approve(version, by=keeper)
        if state == State.WITHDRAWN:
            versions.withdraw(version, reason=CANARY, by=keeper)
        found[str(state)] = Version.objects.get(pk=version.pk)
    versions.record_lineage(found["pending"], found["approved"], "derived_from", by=keeper)
    return found


def hide_projects(cast: Cast, keeper: User) -> dict[str, Project]:
    words = {"name": CANARY, "description": CANARY}
    active = projects.register(slug=VAULT, owner=keeper, **words, by=cast.erin)
    closed = projects.register(slug=f"{CANARY}-closed", owner=keeper, **words, by=cast.erin)
    states.set_state(closed, State.RETIRED, by=cast.erin)
    return {"active": active, "retired": Project.objects.get(pk=closed.pk)}


def hide(cast: Cast) -> Hidden:
    """A keeper's two projects, and what stands and hangs in them."""
    keeper = User.objects.get(username=KEEPER)
    tops = hide_projects(cast, keeper)
    places: dict[str, dict[str, Any]] = {
        "projects": tops,
        "datasets": hide_assets(tops["active"], "dataset", keeper),
        "models": hide_assets(tops["active"], "model", keeper),
    }
    places["versions"] = hide_versions(places["datasets"]["published"], keeper)
    place = Resource.objects.get(pk=places["datasets"]["published"].pk)
    ids = hide_access(cast, place, keeper) | hide_tables(cast, place) | hide_trail(cast, place)
    ids["trail"] = Event.objects.filter(resource_path=place.path).latest("id").uid
    return Hidden(places, ids, f"{CANARY}.csv")


def hide_access(cast: Cast, place: Resource, keeper: User) -> dict[str, Any]:
    """Who holds what there, who asked, with which key."""
    given = grants.give(role("reader"), cast.dana, place, reason=CANARY, by=keeper)
    grants.suspend(given, reason=CANARY, by=keeper)
    group = Group.objects.get(name=CANARY)
    groups.add_member(group, cast.petra, by=cast.erin)
    grants.give(role("reader"), group, place, reason=CANARY, by=keeper)
    asked = requests.submit(
        place, role("contributor"), purpose="research", justification=CANARY, by=cast.dana
    )
    end = timezone.now() + HOUR
    key = keys.issue(cast.petra, name=CANARY, scopes=["read"], expires_at=end, by=cast.petra).key
    service = ServiceAccount.objects.get(owner=keeper)
    signed = agreements.record(Agreement.objects.get(), cast.dana, evidence=CANARY, by=cast.erin)
    now = timezone.now()
    given_yes = {"permission": "read", "count": 1, "minute": now.replace(second=0, microsecond=0)}
    counted = DecisionCount.objects.create(
        subject=keeper, resource=place, first_at=now, last_at=now, **given_yes
    )
    return {
        "grants": given.pk, "groups": group.pk, "requests": asked.pk, "keys": key.pk,
        "service-accounts": service.pk, "services": service.pk, "signatures": signed.pk,
        "users": keeper.pk, "people": keeper.pk, "answers": counted.pk,
    }  # fmt: skip


def hide_tables(cast: Cast, place: Resource) -> dict[str, Any]:
    """What gateways ask by."""
    record = {"resource_type": f"{CANARY}-record", "action": "read"}
    must: dict[str, Any] = {
        "must_source": "context",
        "must_name": "ok",
        "must_operator": "is",
        "must_value": True,
    }
    alias = aliases.add(**record, kind="dataset", permission="read", by=cast.erin)
    route = routes.add(
        host=f"{CANARY}.example.org", methods=["GET"], pattern="/v1", permission="read",
        address=place.address, by=cast.erin,
    )  # fmt: skip
    return {
        "aliases": alias.pk,
        "routes": route.pk,
        "conditions": properties.add_condition(**record, **must, by=cast.erin).pk,
        "properties": properties.add_fact(
            name="role", value=CANARY, resource=place, by=cast.erin
        ).pk,
    }


def hide_trail(cast: Cast, place: Resource) -> dict[str, Any]:
    """What was searched for, exported, kept and is to be forgotten."""
    gone = people.invite(username=CANARY, email=f"{CANARY}@example.org", by=cast.erin)
    people.deactivate(gone, by=cast.erin)
    search = Search.of(CANARY)
    return {
        "searches": searches.save_search(search, name=CANARY, by=cast.dana).pk,
        "exports": exports.export(search, format="jsonl", by=cast.dana).pk,
        "erasures": erasures.ask_erasure(gone, f"{CANARY}s", by=cast.erin).pk,
        "holds": keeping.place_hold(place.address, CANARY, by=cast.erin).pk,
    }
