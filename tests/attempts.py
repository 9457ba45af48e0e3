"""Each action and how somebody without any right would try it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from access.actions import requests
from accounts.actions import agreements, grants, groups, keys, people, roles, rows, services
from accounts.models import Grant, User
from audit.actions import erasures, exports, keeping, proof, searches, trail
from audit.models import Erasure, Event
from audit.search import Search
from audit.trail import Scope
from gateway.actions import aliases, properties, routes
from registry.actions import assets, files, projects, states, versions
from registry.models import Asset
from tests.cast import Cast, role

# Everybody's own business; that it is one's own only, the tests of widening show.
OWN = {
    "access_request.cancel",
    "key.exchange",
    "key.issue",
    "password.change",
    "password.rehash",
    "person.set_name",
    "person.set_preferences",
    "session.close",
    "session.open",
}
Attempt = Callable[[SimpleNamespace, User], Any]
ALIAS = {"resource_type": "record", "action": "read", "kind": "dataset", "permission": "read"}
CONDITION: dict[str, Any] = {
    "resource_type": "record",
    "action": "read",
    "must_source": "context",
    "must_name": "ok",
    "must_operator": "is",
    "must_value": True,
}
ROUTE: dict[str, Any] = {
    "host": "models.example.org",
    "methods": ["GET"],
    "pattern": "/v1/ct-scans",
    "permission": "read",
    "address": "oncology/ct-scans",
}
LATER = timezone.now() + timedelta(hours=1)
ATTEMPTS: dict[str, Attempt] = {
    "access_request.submit": lambda w, by: requests.submit(
        w.oncology, role("reader"), purpose="research", justification="x", by=by
    ),
    "access_request.approve": lambda w, by: requests.approve(w.request, by=by),
    "access_request.reject": lambda w, by: requests.reject(w.request, comment="x", by=by),
    "access_request.expire": lambda w, by: requests.expire(w.request, by=by),
    "agreement.define": lambda w, by: agreements.define(slug="x", kind="ethics", title="X", by=by),
    "agreement.record": lambda w, by: agreements.record(w.agreement, w.dana, by=by),
    "agreement.withdraw": lambda w, by: agreements.withdraw(w.signature, by=by),
    "alias.add": lambda w, by: aliases.add(**ALIAS, by=by),
    "alias.remove": lambda w, by: aliases.remove(w.alias, by=by),
    "condition.add": lambda w, by: properties.add_condition(**CONDITION, by=by),
    "condition.remove": lambda w, by: properties.remove_condition(w.condition, by=by),
    "fact.add": lambda w, by: properties.add_fact(name="x", value=1, resource=w.scans, by=by),
    "fact.remove": lambda w, by: properties.remove_fact(w.fact, by=by),
    "route.add": lambda w, by: routes.add(**ROUTE | {"pattern": "/other"}, by=by),
    "route.remove": lambda w, by: routes.remove(w.route, by=by),
    "asset.register": lambda w, by: assets.register(w.oncology, "dataset", slug="x", by=by),
    "asset.edit": lambda w, by: assets.edit(w.scans, name="x", by=by),
    "asset.hand_over": lambda w, by: assets.hand_over(w.scans, by, by=by),
    "asset.move": lambda w, by: assets.move(w.scans, w.elsewhere, by=by),
    "file.upload": lambda w, by: files.upload(w.version, "b.csv", [b"b"], by=by),
    "file.refer": lambda w, by: files.refer(
        w.version, "b.csv", uri="s3://b", size=1, sha256="0" * 64, by=by
    ),
    "file.remove": lambda w, by: files.remove(w.file, by=by),
    "file.download": lambda w, by: files.download(w.file, by=by),
    "grant.open": lambda w, by: grants.give(role("reader"), w.bob, w.scans, by=by),
    "grant.suspend": lambda w, by: grants.suspend(w.grant, reason="x", by=by),
    "grant.resume": lambda w, by: grants.resume(w.grant, by=by),
    "grant.narrow": lambda w, by: grants.narrow(w.grant, expires_at=LATER, by=by),
    "grant.extend": lambda w, by: grants.extend(w.grant, expires_at=LATER, by=by),
    "grant.revoke": lambda w, by: grants.revoke(w.grant, by=by),
    "group.create": lambda w, by: groups.create(name="x", by=by),
    "group.rename": lambda w, by: groups.rename(w.researchers, name="x", by=by),
    "group.add_member": lambda w, by: groups.add_member(w.researchers, w.dana, by=by),
    "group.remove_member": lambda w, by: groups.remove_member(w.researchers, w.bob, by=by),
    "key.issue_by_operator": lambda w, by: keys.issue_by_operator(
        w.bob, name="x", scopes=["read"], expires_at=LATER, by=by
    ),
    "key.revoke": lambda w, by: keys.revoke(w.key, by=by),
    "lineage.record": lambda w, by: versions.record_lineage(
        w.version, w.other, "derived_from", by=by
    ),
    "permission_row.reconcile": lambda w, by: rows.reconcile(by=by),
    "permission_row.sweep": lambda w, by: rows.sweep(by=by),
    "person.invite": lambda w, by: people.invite(username="x", email="x@example.org", by=by),
    "person.create_admin": lambda w, by: people.create_admin(
        username="x", email="x@example.org", by=by
    ),
    "person.deactivate": lambda w, by: people.deactivate(w.bob, by=by),
    "person.reactivate": lambda w, by: people.reactivate(w.bob, by=by),
    "project.register": lambda w, by: projects.register(slug="x", owner=w.bob, by=by),
    "project.edit": lambda w, by: projects.edit(w.oncology, name="x", description="", by=by),
    "resource.set_state": lambda w, by: states.set_state(w.scans, "published", by=by),
    "role.create": lambda w, by: roles.create(slug="x", name="X", permissions=["read"], by=by),
    "role.edit": lambda w, by: roles.edit(w.lab, name="X", permissions=["read"], by=by),
    "role.retire": lambda w, by: roles.retire(w.lab, by=by),
    "service.register": lambda w, by: services.register(username="x", owner=by, by=by),
    "service.hand_over": lambda w, by: services.hand_over(w.scoring, w.bob, by=by),
    "trail.ask_erasure": lambda w, by: erasures.ask_erasure(w.bob, "x", by=by),
    "trail.plan_erasure": lambda w, by: erasures.plan_erasure(w.erasure, [], by=by),
    "trail.preview_erasure": lambda w, by: erasures.preview_erasure(w.bob, by=by),
    "trail.view_mentions": lambda w, by: erasures.view_mentions(w.erasure, by=by),
    "trail.redact": lambda w, by: erasures.redact(w.erasure, "x", by=by),
    "trail.place_hold": lambda w, by: keeping.place_hold("/", "x", by=by),
    "trail.lift_hold": lambda w, by: keeping.lift_hold(w.hold, by=by),
    "trail.retire": lambda w, by: keeping.retire("audit_event_2020_01", date(2020, 1, 1), by=by),
    "trail.accept_restore": lambda w, by: proof.accept_restore("x", by=by),
    "trail.prove": lambda w, by: proof.prove(Event.objects.latest("id"), by=by),
    "trail.prove_archived": lambda w, by: proof.prove_archived(b"{}", by=by),
    "trail.show_keys": lambda w, by: proof.show_keys(by=by),
    "trail.rotate_key": lambda w, by: proof.rotate_key(by=by),
    "trail.verify": lambda w, by: proof.verify(Scope(), by=by),
    "trail.cancel_export": lambda w, by: exports.cancel_export(w.export, by=by),
    "trail.delete_search": lambda w, by: searches.delete_search(w.saved, by=by),
    "trail.download_export": lambda w, by: exports.download_export(w.export, by=by),
    "trail.export": lambda w, by: exports.export(Search(), format="jsonl", by=by),
    "trail.fail_export": lambda w, by: exports.fail_export(w.export, reason="x", by=by),
    "trail.finish_export": lambda w, by: exports.finish_export(
        w.export, manifest={"rows": 0, "sha256": ""}, by=by
    ),
    "trail.print": lambda w, by: exports.print_trail(Search(), format="csv", by=by),
    "trail.save_search": lambda w, by: searches.save_search(Search.of("x"), name="x", by=by),
    "trail.complete": lambda w, by: trail.complete("actor", by=by),
    "trail.view": lambda w, by: trail.view_trail(Search(), by=by),
    "trail.view_event": lambda w, by: trail.view_event(Event.objects.latest("id"), by=by),
    "version.open": lambda w, by: versions.open_version(w.scans, by=by),
    "version.approve": lambda w, by: versions.approve(w.version, by=by),
    "version.withdraw": lambda w, by: versions.withdraw(w.version, reason="x", by=by),
}


def erasure(cast: Cast) -> Erasure:
    gone = people.invite(username="gone", email="gone@example.org", by=cast.erin)
    people.deactivate(gone, by=cast.erin)
    gone.refresh_from_db()
    return erasures.ask_erasure(gone, "x", by=cast.erin)


def gather(cast: Cast) -> SimpleNamespace:
    """Something to lay hands on for every action."""
    scans = Asset.objects.get(pk=cast.scans.pk)
    version, other = (versions.open_version(scans, by=cast.alice) for _ in range(2))
    agreement = agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)
    key = keys.issue(cast.bob, name="k", scopes=["read"], expires_at=LATER, by=cast.bob).key
    return SimpleNamespace(
        **vars(cast)
        | {
            "scans": scans,
            "version": version,
            "other": other,
            "file": files.upload(version, "a.csv", [b"a"], by=cast.alice),
            "grant": Grant.objects.get(group=cast.researchers),
            "agreement": agreement,
            "signature": agreements.record(agreement, cast.bob, by=cast.erin),
            "elsewhere": projects.register(slug="elsewhere", owner=cast.bob, by=cast.erin),
            "key": key,
            "alias": aliases.add(**ALIAS, by=cast.erin),
            "condition": properties.add_condition(**CONDITION, by=cast.erin),
            "fact": properties.add_fact(name="x", value=1, person=cast.bob, by=cast.erin),
            "route": routes.add(**ROUTE, by=cast.erin),
            "hold": keeping.place_hold("/", "x", by=cast.erin),
            "erasure": erasure(cast),
            "saved": searches.save_search(Search.of("x"), name="mine", shared=True, by=cast.dana),
            "export": exports.export(Search.of("x"), format="jsonl", by=cast.dana),
            "lab": roles.create(slug="lab", name="Lab", permissions=["read"], by=cast.erin),
            "request": requests.submit(
                cast.oncology, role("reader"), purpose="research", justification="x", by=cast.bob
            ),
        }
    )
