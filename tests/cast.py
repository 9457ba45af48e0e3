"""The people of every test, of the demo and of the docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group

from accounts.actions import grants, groups, people, services
from accounts.actions.passwords import change
from accounts.decision import site
from accounts.models import Role, ServiceAccount, User
from accounts.queries import system
from registry.actions import assets, projects
from registry.models import Asset, Project

PASSWORD = "correct horse battery staple"


@dataclass
class Cast:
    """Alice steward, Bob requester, Charlie outsider, Dana auditor, Erin admin, Petra privacy."""

    erin: User
    alice: User
    bob: User
    charlie: User
    dana: User
    petra: User
    scoring: ServiceAccount
    researchers: Group
    oncology: Project
    scans: Asset


SCANS: dict[str, Any] = {
    "name": "CT scans",
    "description": "Chest CT of 1,200 patients",
    "classification": "restricted",
    "categories": ["personal", "health"],
    "lawful_basis": "6.1.e",
    "special_basis": "9.2.j",
    "permitted_purposes": ["model_training", "research"],
}


def role(slug: str) -> Role:
    found: Role = Role.objects.get(slug=slug)
    return found


def assemble() -> Cast:
    """Everybody, through the actions, so that every test world has a true trail."""
    root = site()
    erin = people.create_admin(
        username="erin", email="erin@example.org", name="Erin Admin", by=system()
    )
    alice, bob, charlie, dana, petra = (
        people.invite(username=name, email=f"{name}@example.org", name=name.title(), by=erin)
        for name in ("alice", "bob", "charlie", "dana", "petra")
    )
    for person in (erin, alice, bob, charlie, dana, petra):
        change(person, PASSWORD, by=person)
    researchers = groups.create(name="researchers", by=erin)
    groups.add_member(researchers, bob, by=erin)
    grants.give(role("auditor"), dana, root, by=erin)
    grants.give(role("privacy-officer"), petra, root, by=erin)
    scoring = services.register(username="scoring", owner=alice, by=erin)
    oncology = projects.register(slug="oncology", owner=alice, name="Oncology", by=erin)
    grants.give(role("member"), researchers, oncology, by=alice)
    scans = assets.register(oncology, "dataset", slug="ct-scans", by=alice, **SCANS)
    return Cast(erin, alice, bob, charlie, dana, petra, scoring, researchers, oncology, scans)


def gathered() -> Cast:
    """The cast as it stands in the test database."""
    person = {user.username: user for user in User.objects.all()}
    return Cast(
        **{name: person[name] for name in ("erin", "alice", "bob", "charlie", "dana", "petra")},
        scoring=ServiceAccount.objects.get(user__username="scoring"),
        researchers=Group.objects.get(name="researchers"),
        oncology=Project.objects.get(path="/oncology/"),
        scans=Asset.objects.get(path="/oncology/ct-scans/"),
    )
