"""What an action takes, drawn by chance from its signature; mostly what could be right."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, get_type_hints

from django.contrib.auth.models import Group
from django.db.models import Model, Q
from django.utils import timezone

from access.models import AccessRequest
from accounts.grants import EVERYTHING, Reach
from accounts.models import ApiKey, Grant, Resource, Role, ServiceAccount, Signature, User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from audit.models import Event
from audit.search import Search
from audit.trail import Scope
from registry.models import Asset, Project, Version
from registry.rules import next_states
from tests.alone.measured import own_side
from tests.attempts import ALIAS, CONDITION, ROUTE

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RANGES = (Reach(1, None, "inherit"), Reach(1, 1, "ask"), Reach(1, 2, "block"), Reach(2, 9, "ask"))
FACTS: dict[str, tuple[Any, ...]] = {
    "classification": ("public", "restricted"),
    "permitted_purposes": ([], ["marketing", "research"], ["research"]),
    "prohibited_purposes": ([], ["marketing"]),
    "required_agreements": ([], ["dua"]),
    "categories": ([], ["health"]),
    "description": ("x", "y"),
}
# Verbs: where the walker would need what to do this to it.
NEAR: dict[str, Permission] = {
    "grant.open": Permission.GRANT,
    "access_request.submit": Permission.DISCOVER,
    "asset.edit": Permission.READ,
    "asset.hand_over": Permission.GRANT,
    "asset.move": Permission.GRANT,
    "asset.register": Permission.EDIT,
    "file.refer": Permission.UPLOAD,
    "file.upload": Permission.UPLOAD,
    "lineage.record": Permission.EDIT,
    "project.edit": Permission.EDIT,
    "resource.set_state": Permission.GRANT,
    "version.open": Permission.UPLOAD,
    "version.approve": Permission.APPROVE_VERSION,
    "version.withdraw": Permission.APPROVE_VERSION,
}


class Nothing(Exception):
    """There is no row of this kind to try."""


class Draw:
    """One call of one action; what was drawn first bears on what is drawn next."""

    def __init__(self, chance: Random, person: User, verb: str) -> None:
        self.chance, self.person, self.verb = chance, person, verb
        self.drawn: dict[str, Any] = {}

    def arguments(self, act: Callable[..., Any]) -> tuple[list[Any], dict[str, Any]]:
        hints = get_type_hints(act)
        given: list[Any] = []
        named: dict[str, Any] = {"by": self.person}
        for name, parameter in inspect.signature(act).parameters.items():
            if name == "by":
                continue
            if parameter.kind is parameter.VAR_KEYWORD:
                named |= self.open_ended(name)
            elif parameter.kind is not parameter.KEYWORD_ONLY:
                given.append(self.draw(name, hints[name]))
            elif parameter.default is parameter.empty or self.often(0.5):
                named[name] = self.draw(name, hints[name])
        return given, named

    def draw(self, name: str, hint: Any) -> Any:
        special = SPECIAL.get(f"{self.verb} {name}") or SPECIAL.get(name)
        self.drawn[name] = special(self) if special else self.by_kind(hint)
        return self.drawn[name]

    def by_kind(self, hint: Any) -> Any:
        options = [part for part in getattr(hint, "__args__", (hint,)) if part is not type(None)]
        kind = self.chance.choice(options)
        if isinstance(kind, type) and issubclass(kind, Model):
            return self.row(kind)
        return PLAIN[kind](self)

    def open_ended(self, name: str) -> dict[str, Any]:
        if name == "tests":
            return {k: v for k, v in CONDITION.items() if k not in ("resource_type", "action")}
        return {field: self.pick(values) for field, values in FACTS.items() if self.often(0.3)}

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def pick(self, options: Iterable[Any]) -> Any:
        found = list(options)
        if not found:
            raise Nothing
        return self.chance.choice(found)

    def some(self, options: Iterable[str], most: int = 3) -> list[str]:
        found = sorted(options)
        return self.chance.sample(found, min(len(found), self.chance.randint(1, most)))

    def word(self) -> str:
        return f"n{self.chance.randint(1, 10**9)}"

    # --- rows: in an order that is the same in every run

    def row(self, kind: type[Model]) -> Any:
        """Of those that make sense; of all, where none does, so that it is tried all the same."""
        rows = list(ROWS[kind](self)) if kind in ROWS else []
        return self.pick(sorted(rows or kind._default_manager.all(), key=str))

    def near(self, kind: type[Any]) -> Any:
        """Mostly where this person could do it at all."""
        needed = NEAR.get(self.verb)
        if needed is None or not self.often(0.8):
            return kind.objects.all()
        theirs = self.person.visible(Resource, needed).values("pk")
        return kind.objects.filter(pk__in=theirs)

    def grants(self) -> Any:
        """Mostly of the kind that this can be done to, and within reach."""
        found = Grant.objects.open().select_related("user", "group", "role", "resource")
        if not self.often(0.8):
            return found
        over = self.person.visible(Resource, Permission.GRANT).values("pk")
        found = found.filter(Q(resource__in=over) | Q(user=self.person))
        if self.verb == "grant.revoke":
            return found
        waits = Q(suspensions__closed_at=None, suspensions__isnull=False)
        found = found.filter(effect=Grant.Effect.ALLOW)
        return found.filter(waits) if self.verb == "grant.resume" else found.exclude(waits)

    def subject(self) -> User | Group:
        """As often oneself or one's own as anybody else."""
        if self.often(0.5):
            side = own_side(self.person)
            groups = Group.objects.filter(memberships__user__in=side, memberships__closed_at=None)
            return self.pick([*sorted(side, key=str), *groups.order_by("name").distinct()])
        return self.pick([*sorted(people(self), key=str), *Group.objects.order_by("name")])


def people(_: Draw) -> Any:
    return User.objects.exclude(kind=User.Kind.SYSTEM)


ROWS: dict[Any, Callable[[Draw], Any]] = {
    User: people,
    Resource: lambda d: d.near(Resource),
    Project: lambda d: d.near(Project),
    Asset: lambda d: d.near(Asset),
    Version: lambda d: d.near(Version),
    Grant: lambda d: d.grants(),
    Role: lambda d: Role.objects.filter(built_in=False),
    Signature: lambda d: Signature.objects.filter(closed_at=None),
    ApiKey: lambda d: ApiKey.objects.live(),
    ServiceAccount: lambda d: ServiceAccount.objects.select_related("user", "owner"),
    AccessRequest: lambda d: AccessRequest.objects.filter(status="pending"),
    Event: lambda d: Event.objects.order_by("-id")[:5],
}
PLAIN: dict[Any, Callable[[Draw], Any]] = {
    Scope: lambda d: Scope(sample=5),
    date: lambda d: timezone.now().date() - d.pick([DAY, 4000 * DAY]),
    str: lambda d: d.pick(["x", d.word()]),
    int: lambda d: d.pick([1, 2, 30]),
    bool: lambda d: d.often(0.5),
    datetime: lambda d: timezone.now() + d.pick([2 * HOUR, 2 * DAY, 20 * DAY, -HOUR]),
    Reach: lambda d: d.pick(RANGES),
    Search: lambda d: Search.of("x"),
    bytes: lambda d: b"x",
}


# --- where chance alone would hardly ever be right


def role_to_give(d: Draw) -> Role:
    known = Role.objects.exclude(slug="system")
    if d.often(0.7):
        known = known.filter(slug__in=["deployer", "reader", "contributor", "steward", "judge"])
    return d.pick(known.order_by("slug"))


def reach_to_give(d: Draw) -> Reach:
    ranged = d.drawn["resource"].kind == Kind.DATASET and d.often(0.5)
    return d.pick(RANGES) if ranged else EVERYTHING


def an_end(d: Draw) -> datetime | None:
    """After it starts."""
    start = d.drawn.get("starts_at") or timezone.now()
    return d.pick([None, start + 20 * DAY])


def other_end(d: Draw) -> datetime | None:
    """Earlier to narrow it, later to extend it."""
    now, end = timezone.now(), d.drawn["grant"].expires_at
    if d.verb == "grant.narrow":
        return d.pick([now + HOUR / 2, now + DAY])
    return d.pick([None, (end or now) + DAY, (end or now) + 20 * DAY])


def other_permissions(d: Draw) -> list[str]:
    """What it has, or less; or one more."""
    held = sorted(d.drawn["role"].codenames())
    return [*held, d.pick(Permission.values)] if d.often(0.4) else d.some(held, len(held))


def next_state(d: Draw) -> str:
    return d.pick(next_states(d.drawn["resource"]) or ["published"])


def myself(d: Draw) -> User:
    return d.person if d.often(0.8) else d.row(User)


def mine(d: Draw) -> User:
    side = sorted(own_side(d.person), key=str)
    return d.pick(side) if d.often(0.8) else d.row(User)


def read_versions(d: Draw) -> Version:
    theirs = d.person.visible(Resource, Permission.READ).values("pk")
    found = Version.objects.filter(pk__in=theirs).order_by("path")
    return d.pick(found) if found else d.row(Version)


def humans(d: Draw) -> User:
    return d.pick(User.objects.filter(kind=User.Kind.HUMAN).order_by("username"))


SPECIAL: dict[str, Callable[[Draw], Any]] = {
    "purpose": lambda d: d.pick(["", "", "research", "marketing"]),
    "username": Draw.word,
    "email": lambda d: f"{d.word()}@example.org",
    "slug": Draw.word,
    "path": Draw.word,
    "password": lambda d: "a long pass phrase of theirs",
    "sha256": lambda d: "0" * 64,
    "uri": lambda d: "s3://b/x",
    "theme": lambda d: d.pick(["", "dark"]),
    "chunks": lambda d: [b"x"],
    "scopes": lambda d: d.some(["discover", "read", "invoke", "manage_keys"]),
    "permissions": lambda d: d.some(Permission.values),
    "starts_at": lambda d: d.pick([None, timezone.now() + HOUR, timezone.now() + 2 * DAY]),
    "expires_at": an_end,
    "manifest": lambda d: {"rows": 0, "sha256": ""},
    "chosen": lambda d: [],
    "subject": humans,
    "format": lambda d: "jsonl",
    "value": lambda d: 1,
    "host": lambda d: ROUTE["host"],
    "methods": lambda d: ["GET"],
    "pattern": lambda d: f"/{d.word()}",
    "address": lambda d: "oncology/ct-scans" if d.verb == "route.add" else "{id}",
    "permission": lambda d: d.pick(["read", "download"]),
    "resource_type": Draw.word,
    "action": lambda d: ALIAS["action"],
    "kind": lambda d: d.pick(["dataset", "model"]),
    "relation": lambda d: d.pick(["derived_from", "trained_on"]),
    "access_request.submit role": lambda d: d.pick(Role.objects.filter(requestable=True)),
    "access_request.submit purpose": lambda d: d.pick(["research", "research", "marketing"]),
    "access_request.submit subject": mine,
    "agreement.define kind": lambda d: d.pick(["data_use", "ethics", "training"]),
    "agreement.record user": lambda d: myself(d) if d.often(0.5) else humans(d),
    "fact.add person": lambda d: d.row(User) if d.often(0.5) else None,
    "fact.add resource": lambda d: None if d.drawn.get("person") else d.row(Resource),
    "grant.open role": role_to_give,
    "grant.open subject": Draw.subject,
    "grant.open reach": reach_to_give,
    "grant.open effect": lambda d: d.pick(["allow", "allow", "allow", "deny"]),
    "grant.narrow expires_at": other_end,
    "grant.narrow reach": lambda d: None,
    "grant.extend expires_at": other_end,
    "grant.extend reach": lambda d: None,
    "group.add_member user": lambda d: myself(d) if d.often(0.4) else d.row(User),
    "group.remove_member user": lambda d: myself(d) if d.often(0.4) else d.row(User),
    "key.issue expires_at": lambda d: timezone.now() + d.pick([HOUR, 20 * DAY]),
    "key.issue_by_operator expires_at": lambda d: timezone.now() + d.pick([HOUR, 20 * DAY]),
    "key.issue kind": lambda d: "",
    "key.issue owner": mine,
    "key.issue within": lambda d: None,
    "lineage.record parent": read_versions,
    "person.deactivate user": humans,
    "project.register owner": humans,
    "service.hand_over owner": lambda d: myself(d) if d.often(0.4) else humans(d),
    "service.register owner": humans,
    "resource.set_state state": next_state,
    "role.edit permissions": other_permissions,
    "trail.complete name": lambda d: "actor",
    "trail.place_hold path": lambda d: "/",
}
SPECIAL |= {
    f"{verb} user": myself
    for verb in (
        "password.change",
        "password.rehash",
        "person.set_name",
        "person.set_preferences",
        "session.open",
        "session.close",
    )
}
