"""The fixture of AuthZEN's certification scenario, and the service that asks: `pep`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.actions import grants, keys, roles, services
from accounts.decision import site
from accounts.models import Grant, Role, User
from accounts.models.vocabulary import State
from accounts.permissions import Permission
from gateway.actions import aliases, properties
from gateway.models import Alias, Condition, Fact
from governance.demo.people import ensure_grant, person
from registry.actions import assets, projects, states
from registry.models import Asset, Project

ROLE, SERVICE, TYPE = "gateway", "pep", "record"
ACTIONS = {"read": Permission.READ, "write": Permission.UPLOAD, "delete": Permission.EDIT}
CONDITIONS: dict[str, dict[str, Any]] = {
    "write": {
        "when_source": "resource",
        "when_name": "status",
        "when_operator": "is",
        "when_value": "archived",
        "must_source": "subject",
        "must_name": "role",
        "must_operator": "is",
        "must_value": "admin",
    },
    "delete": {
        "must_source": "action",
        "must_name": "soft",
        "must_operator": "is",
        "must_value": True,
    },
}


def load(erin: User, alice: User, bob: User, dana: User) -> None:
    """Erin keeps the rules, Alice the records; Dana answers for the service."""
    project: Project | None = Project.objects.filter(path="/records/").first()
    project = project or projects.register(slug="records", name="Records", owner=alice, by=erin)
    first, second = (record(project, f"record-{n}", alice) for n in (1, 2))
    ensure_grant("reader", bob, first, by=alice)
    ensure_grant("contributor", bob, second, by=alice)
    for name, permission in ACTIONS.items():
        if not Alias.objects.filter(resource_type=TYPE, action=name).exists():
            aliases.add(
                resource_type=TYPE,
                action=name,
                kind="dataset",
                permission=permission,
                address="records/{id}",
                by=erin,
            )
    for name, tests in CONDITIONS.items():
        if not Condition.objects.filter(resource_type=TYPE, action=name).exists():
            properties.add_condition(resource_type=TYPE, action=name, by=erin, **tests)
    if not Fact.objects.filter(user=bob, name="role").exists():
        properties.add_fact(person=bob, name="role", value="admin", by=erin)
    asker(erin, dana)


def record(project: Project, slug: str, by: User) -> Asset:
    found: Asset | None = Asset.objects.filter(path=f"/records/{slug}/").first()
    if found is None:
        found = assets.register(project, "dataset", slug=slug, name=slug, by=by)
    if found.state == State.DRAFT:
        states.set_state(found, State.PUBLISHED, by=by)
    return found


def asker(erin: User, dana: User) -> User:
    """A service that may ask about everybody, and nothing else."""
    role = Role.objects.filter(slug=ROLE).first() or roles.create(
        slug=ROLE,
        name="Gateway",
        description="Asks who may do what, for gateways; holds no data.",
        permissions=[Permission.REVIEW],
        by=erin,
    )
    pep = person(SERVICE)
    if pep is None:
        pep = services.register(
            username=SERVICE, owner=dana, description="Asks for gateways.", by=erin
        ).user
    if not Grant.objects.live().filter(user=pep, role=role).exists():
        grants.give(role, pep, site(), by=erin)
    return pep


def issue_key(dana: User) -> str:
    """Shown once, so each run makes another one."""
    pep = person(SERVICE)
    assert pep is not None
    end = timezone.now() + timedelta(days=30)
    scopes = [Permission.REVIEW]
    return keys.issue(pep, name="gateway", scopes=[*scopes], expires_at=end, by=dana).secret
