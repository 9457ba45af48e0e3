"""The seven house rules of the architecture, and of each that it can fail."""

from __future__ import annotations

import copy
import importlib
import logging
import pkgutil
from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, path
from django.utils import timezone
from django.views.decorators.http import require_GET
from rest_framework.exceptions import AuthenticationFailed

import access.actions
import accounts.actions
import audit.actions
import gateway.actions
import registry.actions
from access.actions import requests
from access.models.requests import Status
from access.rules import TRANSITIONS as REQUEST_TRANSITIONS
from accounts import keys as form
from accounts.actions import agreements, groups, keys
from accounts.authentication import find_key
from accounts.models import ApiKeySecret, Grant, Role, User
from accounts.permissions import Permission
from accounts.roles import BUILT_IN
from audit.actions import exports, keeping, searches
from audit.acts import ACTIONS
from audit.context import UNGOVERNED
from audit.models import Event
from audit.search import Search
from gateway.actions import aliases
from registry.actions import files, versions
from registry.models import Asset
from registry.rules import TRANSITIONS
from tests import acting
from tests import architecture as rules
from tests.attempts import ATTEMPTS, OWN, Attempt, erasure, gather
from tests.cast import role
from tests.pinned import OWN_DOING, PUBLIC, SELF_SERVICE

ACTING = (access.actions, accounts.actions, audit.actions, gateway.actions, registry.actions)
SIGN_IN = "accounts.backend.SignInBackend"

# --- 1: every address answers Charlie with nothing, but for these


@pytest.fixture
def real(cast) -> dict[str, Any]:
    """Something that exists for each hole in an address, none of it Charlie's."""
    version = versions.open_version(Asset.objects.get(pk=cast.scans.pk), by=cast.alice)
    files.upload(version, "a.csv", [b"a"], by=cast.alice)
    end = timezone.now() + timedelta(hours=1)
    key = keys.issue(cast.bob, name="k", scopes=["read"], by=cast.bob, expires_at=end).key
    asked: dict[str, Any] = {"purpose": "research", "justification": "x"}
    request = requests.submit(cast.oncology, role("reader"), by=cast.bob, **asked)
    event = Event.objects.latest("id")
    alias = aliases.add(
        resource_type="record", action="read", kind="dataset", permission="read", by=cast.erin
    )
    saved = searches.save_search(Search.of("x"), name="x", shared=True, by=cast.dana)
    export = exports.export(Search.of("x"), format="jsonl", by=cast.dana)
    dua = agreements.define(slug="dua", kind="data_use", title="D", by=cast.erin)
    by_noun = {
        "aliases": alias.pk,
        "answers": 1,
        "conditions": alias.pk,
        "properties": alias.pk,
        "routes": alias.pk,
        "datasets": cast.scans.uid,
        "erasures": erasure(cast).pk,
        "exports": export.pk,
        "grants": Grant.objects.latest("opened_at").pk,
        "groups": cast.researchers.pk,
        "holds": keeping.place_hold("/", "x", by=cast.erin).pk,
        "keys": key.pk,
        "models": cast.scans.uid,
        "people": cast.bob.pk,
        "projects": cast.oncology.uid,
        "requests": request.pk,
        "searches": saved.pk,
        "service-accounts": cast.scoring.pk,
        "services": cast.scoring.pk,
        "signatures": agreements.record(dua, cast.bob, by=cast.erin).pk,
        "trail": event.uid,
        "users": cast.bob.pk,
        "versions": version.uid,
    }
    by_hole = {
        "address": "oncology/ct-scans@v1",
        "key": "x",
        "kind": "dataset",
        "name": "a.csv",
        "path": "a.csv",
        "project": "oncology",
        "slug": "reader",
        "uidb36": "x",
    }
    return by_noun | by_hole


@pytest.fixture
def plain(settings, tmp_path) -> None:
    """Refusals as one word each: the frame of a page costs more than the answer."""
    for status in (403, 404):
        (tmp_path / f"{status}.html").write_text("no")
    engine = copy.deepcopy(settings.TEMPLATES[0])
    engine["DIRS"].insert(0, tmp_path)
    engine["OPTIONS"]["context_processors"].remove("governance.navigation.shell")
    settings.TEMPLATES = [engine]


PARTS = ["/admin/accounts/a", "/admin/accounts/g", "/admin/accounts/", "/admin/", "/"]


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("part", PARTS)
def test_1_no_address_answers_an_outsider(client, cast, real, part):
    client.force_login(cast.charlie, SIGN_IN)
    client.raise_request_exception = False
    every = rules.addresses(get_resolver().url_patterns, real)
    targets = ((n, p) for n, p in every if next(x for x in PARTS if p.startswith(x)) == part)
    assert rules.answered(client, targets, PUBLIC | SELF_SERVICE, PUBLIC | OWN_DOING) == []


@pytest.mark.usefixtures("plain")
def test_1_no_address_answers_a_stranger(client, real):
    client.raise_request_exception = False
    targets = rules.addresses(get_resolver().url_patterns, real)
    assert rules.answered(client, targets, PUBLIC, PUBLIC) == []


@pytest.mark.usefixtures("plain")
def test_1_head_works_wherever_get_does(client, cast, real):
    """On every page of ours; the addresses of the admin and of REST are each one class."""
    client.force_login(cast.charlie, SIGN_IN)
    client.raise_request_exception = False
    every = rules.addresses(get_resolver().url_patterns, real)
    ours = {path for _, path in every if not path.startswith(("/admin/", "/api/"))}
    targets = sorted(ours | {"/admin/", "/api/v1/whoami"})
    assert rules.unlike_get(client, targets) == []


def test_1_can_fail_for_head(client, settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    assert rules.unlike_get(client, ["/get-only/"]) == ["/get-only/: GET 200, HEAD 405"]


def test_1_the_pinned_lists_name_real_addresses():
    known = {name for name, _, _ in rules.routes(get_resolver().url_patterns)}
    assert (PUBLIC | SELF_SERVICE | OWN_DOING) - known == set()


def leak(request: Any, slug: str) -> HttpResponse:
    """A view whose author forgot to ask."""
    return HttpResponse(Asset.objects.get(slug=slug).description)


@require_GET
def get_only(request: Any) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("leak/<slug:slug>/", leak, name="leak"),
    path("get-only/", get_only, name="get_only"),
]


def test_1_can_fail(cast, settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    targets = rules.addresses(urlpatterns[:1], {"slug": "ct-scans"})
    assert rules.answered(Client(), targets, set(), set()) == [
        "GET /leak/ct-scans/ [leak] 200",
        "POST /leak/ct-scans/ [leak] 200",
    ]


# --- 2: every action asks


def action_modules() -> dict[str, ModuleType]:
    found: dict[str, ModuleType] = {}
    for package in ACTING:
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            found[info.name] = importlib.import_module(info.name)
    return found


def test_2_what_takes_by_is_an_action():
    modules = action_modules()
    assert rules.unguarded(list(modules.values())) == []
    assert rules.helpers_called(rules.sources(), modules) == []


def test_2_can_fail():
    def unasked(row: Any, *, by: Any) -> None: ...

    unasked.__module__ = "broken.actions"
    broken = ModuleType("broken.actions")
    broken.unasked = unasked  # type: ignore[attr-defined]
    assert rules.unguarded([broken]) == ["broken.actions.unasked"]
    view = "from accounts.actions import people\npeople.new_person('x', 'y', 'z')\n"
    called = rules.helpers_called({"accounts/views/x.py": view}, action_modules())
    assert called == ["accounts/views/x.py: people.new_person"]


def test_2_every_action_is_tried_or_everybodys_own():
    ours = {verb for verb in ACTIONS if not verb.startswith("test.")}
    assert ours == set(ATTEMPTS) | OWN
    assert not set(ATTEMPTS) & OWN


@pytest.fixture
def world(cast) -> SimpleNamespace:
    return gather(cast)


def refuses(attempt: Attempt, world: SimpleNamespace) -> bool:
    """Charlie is told no; nothing but one denied act is new in the trail."""
    last = Event.objects.latest("id").id
    with pytest.raises(PermissionDenied):
        attempt(world, world.charlie)
    new = Event.objects.filter(id__gt=last)
    return [(e.kind, e.outcome, e.actor_repr) for e in new] == [("act", "denied", "charlie")]


def test_2_charlie_is_refused_by_every_action(world):
    loose = [verb for verb, attempt in ATTEMPTS.items() if not refuses(attempt, world)]
    assert loose == []


def test_2_can_fail_too(world):
    def gullible(w: SimpleNamespace, by: User) -> Any:
        groups.create(name="x", by=w.erin)
        raise PermissionDenied

    assert not refuses(gullible, world)


# --- 3: every table is behind the gate


def triggers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {table: set() for table in acting.tables()}
    for table, name in acting.rows(
        "select t.relname, g.tgname from pg_class t join pg_trigger g on g.tgrelid = t.oid"
        " where not g.tgisinternal and g.tgenabled <> 'D'"
    ):
        if table in found:
            found[table].add(name)
    return found


def test_3_every_table_is_locked_or_says_why_not(db):
    """Each back door is tried in tests/audit/test_gate.py, registration in test_governed.py."""
    assert rules.unlocked(triggers(), UNGOVERNED) == []


def test_3_can_fail(db):
    broken = triggers() | {"registry_shadow": set(), "registry_half": {"gate"}}
    assert rules.unlocked(broken, UNGOVERNED) == ["registry_shadow", "registry_half"]


# --- 4: every permission is asked for and held

# Asked for by what calls and deploys models, which is not built yet.
NOT_YET = ["invoke", "deploy"]
SLUGS = [
    "member",
    "reader",
    "contributor",
    "steward",
    "reviewer",
    "privacy-officer",
    "deployer",
    "auditor",
    "admin",
    "system",
]


def test_4_every_permission_is_asked_for_and_held():
    assert rules.unasked(Permission.values, rules.sources()) == NOT_YET
    assert {p for built_in in BUILT_IN for p in built_in.permissions} == set(Permission)


def test_4_can_fail():
    assert "fly" in rules.unasked([*Permission.values, "fly"], rules.sources())


def test_4_the_built_in_roles_are_frozen(db):
    assert [built_in.slug for built_in in BUILT_IN] == SLUGS
    stored = {r.slug: r for r in Role.objects.filter(built_in=True)}
    assert set(stored) == set(SLUGS)
    for built_in in BUILT_IN:
        record = stored[built_in.slug]
        assert record.codenames() == {p.value for p in built_in.permissions}
        assert set(record.may_give.values_list("role__slug", flat=True)) == built_in.grantable
        assert (record.name, record.requestable) == (built_in.name, built_in.requestable)


# --- 5: every status has its place


def test_5_every_status_is_in_a_table():
    assert rules.unplaced(set(Status), REQUEST_TRANSITIONS) == set()
    for table in TRANSITIONS.values():
        assert rules.unplaced(set(table), table) == set()


def test_5_can_fail():
    table = {"open": ("closed",), "closed": ("lost",)}
    assert rules.unplaced({"open", "closed", "forgotten"}, table) == {"forgotten", "lost"}


# --- 6: form


def test_6_files_and_functions_are_small():
    found = rules.sources()
    assert rules.too_long(found) == []
    middle, large, long = rules.spread(found)
    assert middle <= rules.MEDIAN_CAP
    assert large <= rules.P95_CAP
    assert long <= rules.FUNCTION_P95_CAP
    assert rules.lines((rules.ROOT / "governance" / "settings.py").read_text()) <= 300


def test_6_the_house_rules():
    assert rules.breaches(rules.sources()) == []


BROKEN = {
    "access/api/x.py": ('"""X."""\nGrant.objects.all()\n', "a query in a door"),
    "access/models/x.py": ('"""X."""\n@receiver(post_save)\ndef f(): ...\n', "a signal"),
    "access/rules.py": ('"""X."""\nfrom os import *\n', "a star import"),
    "access/mail.py": ('"""X."""\ndef f():\n    import os\n', "a lazy import in f"),
    "access/utils.py": ('"""X."""\n', "a module without a noun"),
    "access/x.py": ("import os\n", "no docstring that says its one job"),
    "access/actions/x.py": ('"""X."""\nGrant.objects.bulk_create([])\n', "a write without a diff"),
    "registry/queries.py": ('"""X."""\ncursor.execute("")\n', "raw SQL"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_6_can_fail(name):
    text, what = BROKEN[name]
    found = rules.breaches({name: text})
    assert found
    assert all(line.endswith(what) for line in found)


def test_6_can_fail_for_length():
    long = "def f():\n" + "    x = 1\n" * 400
    assert rules.too_long({"access/x.py": long}) == [
        "access/x.py: 401 lines",
        "access/x.py:f: 401 lines",
    ]


# --- 7: no secret is kept


def test_7_a_secret_is_nowhere(cast, caplog, capfd):
    """A canary: minted, used, revoked; then looked for in every column, log and output."""
    caplog.set_level(logging.DEBUG)
    issued = keys.issue(
        cast.bob,
        name="canary",
        scopes=["download"],
        expires_at=timezone.now() + timedelta(hours=1),
        by=cast.bob,
    )
    find_key(issued.secret)
    with pytest.raises(AuthenticationFailed):
        find_key(issued.secret + "x")
    keys.revoke(issued.key, by=cast.bob)
    logging.getLogger("canary").info("%r", issued)
    for part in (issued.secret, form.parse(issued.secret).text[17:49]):
        assert acting.holding(part) == []
        written = capfd.readouterr()
        assert part not in caplog.text + written.out + written.err
    digest = bytes(ApiKeySecret.objects.get(key=issued.key).digest).hex()
    assert [name for name in acting.holding(digest) if name.startswith("audit_event")] == []
    assert Event.objects.filter(verb="key.issue", actor=cast.bob).exists()


def test_7_can_fail(cast):
    """The key id is no secret: it is found where it belongs."""
    issued = keys.issue(
        cast.bob,
        name="canary",
        scopes=["download"],
        expires_at=timezone.now() + timedelta(hours=1),
        by=cast.bob,
    )
    kid = form.parse(issued.secret).kid
    assert "accounts_apikeysecret.kid" in acting.holding(kid)
    assert "audit_event.message" in acting.holding(kid)
