"""One person alone, through every action there is: their own side may never do more than before.

What an action takes is read from its signature, so a new action is tried from the day it exists.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, get_type_hints

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import Model, Q
from django.http import Http404
from django.utils import timezone

from access.actions import requests
from access.models import AccessRequest
from accounts.actions import agreements, groups, roles
from accounts.grants import EVERYTHING, Reach, open_grant, suspend_grant
from accounts.models import (
    Agreement,
    ApiKey,
    Grant,
    Resource,
    Role,
    ServiceAccount,
    Signature,
    User,
)
from accounts.models.vocabulary import State
from accounts.permissions import Permission
from audit.acts import ACTIONS
from audit.models import Event
from audit.search import Search
from audit.trail import Scope
from registry.actions import assets, files, projects, states, versions
from registry.models import Asset, File, Project, Version
from tests import worlds
from tests.acting import do
from tests.cast import Cast, role
from tests.conftest import Beneath

pytestmark = pytest.mark.usefixtures("built")

PERSONAS = ("alice", "bob", "charlie", "dana", "erin", "petra", "scoring")
TRIES = 70 * len(worlds.SEEDS)
REFUSALS = (PermissionDenied, ValidationError, Http404, IntegrityError)
PURPOSES = ("", "research", "marketing")
ALONE = {"person.create_admin", "session.open", "session.close", "person.set_preferences"}


@pytest.fixture(scope="module")
def built(beneath: Beneath) -> None:
    beneath(build)


@pytest.fixture
def world(built: None, cast: Cast) -> Cast:
    return cast


def build(cast: Cast) -> None:
    """Something shut to each of them in every way that the decision knows."""
    alice, bob, erin = cast.alice, cast.bob, cast.erin
    states.set_state(cast.scans, State.PUBLISHED, by=alice)
    version = versions.open_version(cast.scans, by=alice)
    files.upload(version, "a.csv", [b"a"], by=alice)
    versions.approve(version, by=alice)
    versions.open_version(cast.scans, by=alice)
    assets.register(cast.oncology, "dataset", slug="notes", by=alice)  # stays a draft
    elsewhere = projects.register(slug="elsewhere", owner=bob, by=erin)
    other = assets.register(elsewhere, "dataset", slug="x", by=bob)
    versions.open_version(other, by=bob)
    lab = groups.create(name="lab", by=erin)
    groups.add_member(lab, cast.petra, by=erin)
    roles.create(slug="lab", name="Lab", permissions=["read", "download"], by=erin)
    judging = ["discover", "approve_version", "grant"]
    roles.create(slug="judge", name="Judge", permissions=judging, by=erin)
    agreements.define(slug="dua", kind="data_use", title="Data use", by=erin)
    do(lambda: shut(cast, lab), by=erin)
    assets.edit(cast.scans, required_agreements=["dua"], by=alice)
    wanted = Resource.objects.get(pk=cast.scans.pk)
    requests.submit(wanted, role("contributor"), purpose="research", justification="x", by=bob)


def shut(cast: Cast, lab: Group) -> None:
    """Suspended, denied, for some versions, for another purpose, through a group."""
    place = {r.path: r for r in Resource.objects.all()}
    oncology, scans, x = (place[p] for p in ("/oncology/", "/oncology/ct-scans/", "/elsewhere/x/"))

    def held(slug: str, subject: User | Group, on: Resource, **how: Any) -> Grant:
        return open_grant(role(slug), subject, on, by=cast.erin, **how)

    for person in (cast.bob, cast.dana, cast.petra, cast.erin, cast.charlie):
        reader = held("reader", person, scans)
        if person in (cast.charlie, cast.bob):
            suspend_grant(reader, by=cast.erin, reason="x")
    for subject in (cast.alice, cast.dana, cast.erin, lab):
        held("contributor", subject, x)
        held("reader", subject, x, effect="deny")
    held("reader", cast.scoring.user, x, reach=Reach(1, 1, "ask"), purpose="research")
    held("lab", cast.bob, oncology)
    held("lab", cast.charlie, oncology, purpose="marketing")
    held("judge", cast.charlie, oncology)
    held("judge", cast.scoring.user, oncology)


# --- what an action takes, from its signature

LATER = timedelta(hours=3)
TEXTS: dict[str, tuple[str, ...]] = {
    "state": tuple(State.values),
    "purpose": PURPOSES,
    "effect": ("allow", "allow", "deny"),
    "kind": ("dataset", "model", "ethics", "p"),
    "relation": ("derived_from", "trained_on"),
    "theme": ("", "dark"),
    "email": ("x@example.org",),
    "uri": ("s3://b/x",),
    "sha256": ("0" * 64,),
    "password": ("a long pass phrase of theirs",),
}
ROWS: dict[Any, Callable[[], Any]] = {
    User: lambda: User.objects.exclude(kind="system").order_by("username"),
    Group: lambda: Group.objects.order_by("name"),
    Resource: lambda: Resource.objects.order_by("path"),
    Project: lambda: Project.objects.order_by("path"),
    Asset: lambda: Asset.objects.order_by("path"),
    Version: lambda: Version.objects.order_by("path"),
    File: lambda: File.objects.order_by("path"),
    Role: lambda: Role.objects.order_by("slug"),
    Grant: lambda: Grant.objects.open().order_by("opened_at"),
    Agreement: lambda: Agreement.objects.order_by("slug"),
    Signature: lambda: Signature.objects.order_by("opened_at"),
    ApiKey: lambda: ApiKey.objects.order_by("created_at"),
    ServiceAccount: lambda: ServiceAccount.objects.order_by("user__username"),
    AccessRequest: lambda: AccessRequest.objects.filter(status="pending").order_by("created_at"),
    Event: lambda: Event.objects.order_by("-id")[:5],
}
FACTS: dict[str, tuple[Any, ...]] = {
    "classification": ("public", "restricted"),
    "permitted_purposes": ([], ["marketing", "research"], ["research"]),
    "prohibited_purposes": ([], ["marketing"]),
    "required_agreements": ([], ["dua"]),
    "categories": ([], ["health"]),
}


class Nothing(Exception):
    """There is no row of this kind to try."""


def something(chance: Random, name: str, hint: Any) -> Any:
    options = [part for part in getattr(hint, "__args__", (hint,)) if part is not type(None)]
    if hint in (Iterable[str], list[str]):
        pool = Permission.values if name in ("permissions", "scopes") else ["dua"]
        return chance.sample(pool, min(len(pool), chance.randint(1, 3)))
    if hint == Iterable[bytes]:
        return [b"x"]
    if hint == list[int]:
        return chance.sample(range(1, 40), chance.randint(0, 2))
    kind = chance.choice(options)
    if kind in ROWS:
        rows = list(ROWS[kind]())
        if not rows:
            raise Nothing
        return chance.choice(rows)
    if isinstance(kind, type) and issubclass(kind, Model):
        rows = list(kind._default_manager.order_by("pk")[:20])
        if not rows:
            raise Nothing
        return chance.choice(rows)
    plain: dict[Any, Callable[[], Any]] = {
        Scope: lambda: chance.choice([Scope(), Scope(sample=5)]),
        date: lambda: timezone.now().date() - timedelta(days=chance.choice([1, 4000])),
        str: lambda: chance.choice(TEXTS.get(name, ("x", f"n{chance.randint(1, 10**9)}"))),
        int: lambda: chance.choice([1, 2, 30]),
        bool: lambda: chance.random() < 0.5,
        datetime: lambda: timezone.now() + chance.choice([LATER, LATER * 100, -LATER]),
        Reach: lambda: chance.choice([EVERYTHING, Reach(1, None, "inherit"), Reach(1, 2, "ask")]),
        Search: Search,
        bytes: lambda: b"x",
        Any: lambda: chance.choice(list(User.objects.order_by("username"))),
    }
    return plain[kind]()


def arguments(
    chance: Random, action: Callable[..., Any], by: User
) -> tuple[list[Any], dict[str, Any]]:
    hints = get_type_hints(action)
    given: list[Any] = []
    named: dict[str, Any] = {"by": by}
    for name, parameter in inspect.signature(action).parameters.items():
        if name == "by":
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            if name == "facts":
                named |= {f: chance.choice(v) for f, v in FACTS.items() if chance.random() < 0.4}
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            given.append(something(chance, name, hints[name]))
        elif parameter.default is parameter.empty or chance.random() < 0.5:
            named[name] = something(chance, name, hints[name])
    return given, named


# --- what is measured


def reach(subjects: list[User], places: list[Resource]) -> set[tuple[int, str, str]]:
    """All permissions on all resources, and the use of bytes for each purpose."""
    questions = [(p.value, "") for p in Permission]
    questions += [(Permission.DOWNLOAD.value, purpose) for purpose in PURPOSES[1:]]
    return {cell[1:] for cell in worlds.held(subjects, places, questions)}


def own_side(person: User) -> list[User]:
    """A service acts for the person who answers for it: the two are one side."""
    if person.kind == User.Kind.SERVICE:
        person = person.service_account.owner
    return list(User.objects.filter(Q(pk=person.pk) | Q(service_account__owner=person)))


@pytest.mark.parametrize("name", PERSONAS)
def test_nobody_alone_comes_further(world, name):
    chance = Random(name)
    person = world.scoring.user if name == "scoring" else getattr(world, name)
    verbs = sorted(verb for verb in ACTIONS if not verb.startswith("test.") and verb not in ALONE)
    places = list(Resource.objects.order_by("path"))
    before, did = reach(own_side(person), places), []
    for _ in range(TRIES):
        verb = chance.choice(verbs)
        try:
            given, named = arguments(chance, ACTIONS[verb], person)
            ACTIONS[verb](*given, **named)
        except (*REFUSALS, Nothing):
            continue
        did.append(f"{verb} {given} {named}")
        after = reach(own_side(person), places)
        assert after <= before, (sorted(after - before), did)
    assert did or name in ("charlie", "scoring")
