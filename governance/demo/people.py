"""The cast: who they are, what they hold, and the one password they share."""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.actions import grants, groups, keys, people, services
from accounts.actions.passwords import change
from accounts.decision import site
from accounts.models import ApiKey, Grant, Membership, Resource, Role, ServiceAccount, User
from accounts.permissions import Permission

NAMES = {
    "erin": "Erin Admin",
    "alice": "Alice Steward",
    "bob": "Bob Researcher",
    "charlie": "Charlie Outsider",
    "dana": "Dana Auditor",
    "petra": "Petra Privacy",
}


@dataclass
class Cast:
    """Everybody of the demo, by name."""

    erin: User
    alice: User
    bob: User
    charlie: User
    dana: User
    petra: User
    scoring: User
    researchers: Group

    def __getitem__(self, name: str) -> User:
        found: User = getattr(self, name)
        return found


def gather(system: User, password: str) -> Cast:
    erin = person("erin") or people.create_admin(
        username="erin", email="erin@example.org", name=NAMES["erin"], by=system
    )
    found = {"erin": erin}
    for name in ("alice", "bob", "charlie", "dana", "petra"):
        found[name] = person(name) or people.invite(
            username=name, email=f"{name}@example.org", name=NAMES[name], by=erin
        )
    for one in found.values():
        if not one.check_password(password):
            change(one, password, by=one)
    scoring = person("scoring") or register_scoring(found["alice"], erin)
    cast = Cast(**found, scoring=scoring, researchers=researchers(found["bob"], erin))
    ensure_grant("auditor", cast.dana, site(), by=erin)
    ensure_grant("privacy-officer", cast.petra, site(), by=erin)
    return cast


def person(name: str) -> User | None:
    return User.objects.filter(username=name).first()


def register_scoring(owner: User, by: User) -> User:
    service: ServiceAccount = services.register(
        username="scoring", owner=owner, description="Scores new samples every night.", by=by
    )
    return service.user


def researchers(member: User, by: User) -> Group:
    group = Group.objects.filter(name="researchers").first()
    group = group or groups.create(name="researchers", by=by)
    if not Membership.objects.current().filter(group=group, user=member).exists():
        groups.add_member(group, member, by=by)
    return group


def ensure_grant(role: str, subject: User | Group, on: Resource, *, by: User) -> None:
    who = {"user": subject} if isinstance(subject, User) else {"group": subject}
    if not Grant.objects.filter(role__slug=role, resource_id=on.pk, **who).exists():
        grants.give(Role.objects.get(slug=role), subject, on, by=by)


def issue_keys(cast: Cast) -> None:
    """Two rows for the page of keys; nobody has seen these secrets, so nobody can use them."""
    reading = [Permission.DISCOVER, Permission.READ, Permission.DOWNLOAD]
    ensure_key(cast.bob, "laptop", reading, "", by=cast.bob)
    calling = [Permission.DISCOVER, Permission.READ, Permission.INVOKE]
    ensure_key(cast.scoring, "nightly run", calling, ApiKey.Kind.CLIENT, by=cast.alice)


def ensure_key(owner: User, name: str, scopes: list[Permission], kind: str, *, by: User) -> None:
    if not ApiKey.objects.filter(owner=owner, name=name).exists():
        until = timezone.now() + timedelta(days=30)
        keys.issue(owner, name=name, scopes=[*scopes], expires_at=until, kind=kind, by=by)


def anybody() -> bool:
    return User.objects.filter(kind=User.Kind.HUMAN).exists()


def shared_password(place: Path) -> str:
    """Random, made once, whole, in a file that only the owner of this installation reads."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=place.parent, prefix="demo-")  # 0600
        with os.fdopen(handle, "w") as file:
            file.write("-".join(secrets.token_hex(3) for _ in range(3)) + "\n")
        Path(draft).replace(place)
    return place.read_text().strip()
