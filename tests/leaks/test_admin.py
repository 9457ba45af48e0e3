"""The admin, row by row against THE decision: its lists show what may be seen, and every other
row answers on every address as one that never was. To who does not manage or audit none is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from django.urls import get_resolver

from access.models import AccessRequest
from accounts.models import Grant
from accounts.permissions import Permission
from audit.doors.admin import site
from registry.models import File
from tests import architecture as rules
from tests.leaks.asking import Ask, Asker, acts
from tests.leaks.operations import nothing
from tests.leaks.world import CANARY, Hidden

Rule = Callable[[Asker, Any], bool]
P = Permission


def found(asker: Asker, place: Any) -> bool:
    return asker.may(P.DISCOVER, place)


def read(asker: Asker, version: Any) -> bool:
    return asker.may(P.READ, version)


def overseen(asker: Asker, grant: Grant) -> bool:
    """Of whoever reviews or gives there, and of whoever holds it."""
    place, group = grant.resource, grant.group
    own = grant.user_id == asker.user.pk or group in asker.user.groups
    return own or asker.may(P.REVIEW, place) or asker.may(P.GRANT, place)


def asked(asker: Asker, request: AccessRequest) -> bool:
    own = asker.user.pk in (request.requester_id, request.subject_id)
    place = request.resource
    return own or asker.may(P.REVIEW, place) or asker.may(P.DECIDE_REQUEST, place)


def own_key(asker: Asker, key: Any) -> bool:
    return key.owner_id == asker.user.pk or asker.user.has_perm("accounts.manage_keys")


def by(*permissions: str) -> Rule:
    """For whoever holds one of these everywhere."""
    return lambda asker, row: any(asker.user.has_perm(f"accounts.{p}") for p in permissions)


def everybody(asker: Asker, row: Any) -> bool:
    return True


# Who may see a row of each table that the admin shows.
RULES: dict[str, Rule] = {
    "registry.project": found,
    "registry.asset": found,
    "registry.dataset": found,
    "registry.mlmodel": found,
    "accounts.resource": found,
    "registry.version": read,
    "registry.file": lambda asker, row: read(asker, row.version),
    "registry.blob": lambda asker, row: any(
        read(asker, file.version) for file in File.objects.filter(blob=row)
    ),
    "registry.lineage": lambda asker, row: found(asker, row.child) and found(asker, row.parent),
    "accounts.stateperiod": lambda asker, row: found(asker, row.resource),
    "accounts.standing": lambda asker, row: found(asker, row.resource),
    "accounts.grant": overseen,
    "accounts.suspension": lambda asker, row: overseen(asker, row.grant),
    "accounts.userpermission": lambda asker, row: overseen(asker, row.grant),
    "accounts.grouppermission": lambda asker, row: overseen(asker, row.grant),
    "access.accessrequest": asked,
    "access.approvalstep": lambda asker, row: asked(asker, row.request),
    "accounts.apikey": own_key,
    "accounts.apikeysecret": lambda asker, row: own_key(asker, row.key),
    "accounts.keyuse": lambda asker, row: own_key(asker, row.key),
    "accounts.user": lambda asker, row: row.kind != "system",
    "accounts.serviceaccount": by("manage_people", "review"),
    "accounts.membership": by("manage_people", "review"),
    "accounts.spell": lambda asker, row: row.user.kind != "system",
    "auth.group": by("manage_people", "review"),
    "accounts.signature": by("manage_policies", "review"),
    "accounts.agreement": everybody,
    "accounts.role": lambda asker, row: row.slug != "system",
    "accounts.rolepermission": lambda asker, row: row.role.slug != "system",
    "accounts.grantable": lambda asker, row: row.giver.slug != "system",
    "gateway.route": by("manage_policies", "review"),
    "gateway.alias": by("manage_policies", "review"),
    "gateway.condition": by("manage_policies", "review"),
    "gateway.fact": by("manage_policies", "review"),
    "gateway.decisioncount": lambda asker, row: asker.may(P.READ_TRAIL, row.resource),
    "audit.event": by("read_trail"),
    "audit.hold": by("manage_policies", "decide_request"),
    "audit.erasure": by("manage_people", "decide_request"),
}
MANY = {"audit.event", "accounts.rolepermission"}  # by pages: what is on the first is looked at
STAFF = ("erin", "dana")


def tables() -> dict[str, Any]:
    return {model._meta.label_lower: model for model in site._registry}


def prefix(label: str) -> str:
    return f"/admin/{label.replace('.', '/')}/"


def listed(asker: Asker, label: str, query: str = "") -> set[str]:
    """The keys of the rows of a list."""
    everything = "" if label in MANY else "all="
    status, _, text = asker.send("get", f"{prefix(label)}?{everything}{query}")
    assert status == 200, label
    keys = re.findall(rf'href="{prefix(label)}([^/"?]+)/change/', text)
    return {unquote(key) for key in keys}


def test_every_table_has_a_rule() -> None:
    assert set(tables()) == set(RULES)


@pytest.mark.parametrize("name", STAFF)
def test_a_list_shows_what_may_be_seen_and_nothing_else(
    hidden: Hidden, ask: Ask, name: str
) -> None:
    asker, wrong, unseen = ask(name), {}, 0
    for label, model in tables().items():
        shown = listed(asker, label)
        may = {str(row.pk) for row in model._base_manager.all() if RULES[label](asker, row)}
        unseen += model._base_manager.count() - len(may)
        if shown - may or (label not in MANY and may - shown):
            wrong[label] = (shown - may, may - shown)
    assert wrong == {}
    assert unseen > 15


def hidden_rows(asker: Asker) -> Iterator[tuple[str, Any]]:
    """Of each table one that the asker may not see, of what can be drafts one that is one."""
    for label, model in tables().items():
        for row in model._base_manager.order_by("pk"):
            if not RULES[label](asker, row):
                yield label, row.pk
                break


ADDRESSES = ("change/", "history/", "delete/", "")


@pytest.mark.parametrize(("name", "method"), [("dana", "get"), ("erin", "post")])
def test_a_hidden_row_is_as_if_it_were_not_there(
    hidden: Hidden, ask: Ask, name: str, method: str
) -> None:
    asker, different, tried = ask(name), [], 0
    before = acts()
    for label, key in hidden_rows(asker):
        absent = nothing(key)
        for tail in ADDRESSES:
            tried += 1
            told = [
                asker.send(method, f"{prefix(label)}{pk}/{tail}", None, key, absent)
                for pk in (key, absent)
            ]
            if told[0] != told[1]:
                different.append(f"{label} {tail}")
    assert different == []
    assert acts() == before
    assert tried >= 40


def test_the_addresses_of_a_row_are_those() -> None:
    """Of every table, and the admin has no other that names a row but Django's two by number."""
    tails = {
        path.partition("{object_id}/")[2]
        for name, path, holes in rules.routes(get_resolver().url_patterns)
        if name.startswith("admin:") and "object_id" in holes and "content_type_id" not in holes
    }
    assert tails == set(ADDRESSES)


@pytest.mark.parametrize("name", STAFF)
def test_a_word_of_what_is_hidden_finds_nothing(hidden: Hidden, ask: Ask, name: str) -> None:
    """Searched for in every list, and in another order."""
    asker, wrong = ask(name), []
    for label, model in tables().items():
        shown = listed(asker, label, f"&q={CANARY}&o=-1" if searched(label) else "&o=-1")
        rows = model._base_manager.filter(pk__in=shown)
        wrong += [(label, row.pk) for row in rows if not RULES[label](asker, row)]
    assert wrong == []


def searched(label: str) -> bool:
    return bool(site._registry[tables()[label]].search_fields)


@pytest.mark.parametrize("name", STAFF)
def test_what_is_typed_is_completed_by_what_may_be_seen(
    hidden: Hidden, ask: Ask, name: str
) -> None:
    """One field for each table that fields lead to."""
    asker, wrong = ask(name), []
    fields = {
        field.related_model._meta.label_lower: field
        for model in tables().values()
        for field in model._meta.fields
        if field.is_relation and field.related_model in site._registry
    }
    for label, field in fields.items():
        of = field.model._meta
        asked = f"app_label={of.app_label}&model_name={of.model_name}&field_name={field.name}"
        status, _, text = asker.send("get", f"/admin/autocomplete/?{asked}&term={CANARY}")
        told = json.loads(text)["results"] if status == 200 else []
        rows = tables()[label]._base_manager.filter(pk__in=[row["id"] for row in told])
        wrong += [(label, row.pk) for row in rows if not RULES[label](asker, row)]
    assert wrong == []
    assert len(fields) > 8


def test_to_everybody_else_there_is_no_admin(hidden: Hidden, ask: Ask) -> None:
    """Each address, of what is there, to one of those who do not manage, by turns."""
    askers = [ask(name) for name in ("charlie", "bob", "alice", "petra")]
    absent = [asker.send("get", "/admin/nowhere/", None, "/admin/nowhere/") for asker in askers]
    different, tried = [], 0
    for name, template, holes in rules.routes(get_resolver().url_patterns):
        if not name.startswith("admin:") or name in OPEN:
            continue
        path, turn = f"/{template.format(**row_of(template, holes))}", tried % len(askers)
        tried += 1
        status, _, text = askers[turn].send("get", path, None, path)
        if (status, text) != (absent[turn][0], absent[turn][2]):
            different.append(path)
    assert different == []
    assert tried > 200


# Where the admin leads who signs in, signs out and changes a password: elsewhere, and everybody.
OPEN = {"admin:login", "admin:logout", "admin:password_change"}


def row_of(template: str, holes: dict[str, str]) -> dict[str, Any]:
    """A row of the table whose address it is."""
    app, _, rest = template.removeprefix("admin/").partition("/")
    model = tables().get(f"{app}.{rest.partition('/')[0]}")
    first = model._base_manager.first() if model else None
    key = first.pk if first else 1
    return dict.fromkeys(holes, "accounts") | {"object_id": key, "content_type_id": 1}
