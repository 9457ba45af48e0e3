"""Each action and how somebody without any right would try it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from access.actions import requests
from accounts.actions import grants, groups, keys, people, roles, rows, services
from accounts.models import Grant, User
from audit import actions as trail
from audit.models import Event
from audit.search import Search
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
LATER = timezone.now() + timedelta(hours=1)
ATTEMPTS: dict[str, Attempt] = {
    "access_request.submit": lambda w, by: requests.submit(
        w.oncology, role("reader"), purpose="research", justification="x", by=by
    ),
    "access_request.approve": lambda w, by: requests.approve(w.request, by=by),
    "access_request.reject": lambda w, by: requests.reject(w.request, comment="x", by=by),
    "access_request.expire": lambda w, by: requests.expire(w.request, by=by),
    "asset.register": lambda w, by: assets.register(w.oncology, "dataset", slug="x", by=by),
    "asset.edit": lambda w, by: assets.edit(w.scans, name="x", by=by),
    "asset.hand_over": lambda w, by: assets.hand_over(w.scans, by, by=by),
    "file.upload": lambda w, by: files.upload(w.version, "b.csv", [b"b"], by=by),
    "file.refer": lambda w, by: files.refer(
        w.version, "b.csv", uri="s3://b", size=1, sha256="0" * 64, by=by
    ),
    "file.remove": lambda w, by: files.remove(w.file, by=by),
    "file.download": lambda w, by: files.download(w.file, by=by),
    "grant.open": lambda w, by: grants.give(role("reader"), w.bob, w.scans, by=by),
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
    "trail.cancel_export": lambda w, by: trail.cancel_export(w.export, by=by),
    "trail.delete_search": lambda w, by: trail.delete_search(w.saved, by=by),
    "trail.download_export": lambda w, by: trail.download_export(w.export, by=by),
    "trail.export": lambda w, by: trail.export(Search(), format="jsonl", by=by),
    "trail.fail_export": lambda w, by: trail.fail_export(w.export, reason="x", by=by),
    "trail.finish_export": lambda w, by: trail.finish_export(
        w.export, manifest={"rows": 0, "sha256": ""}, by=by
    ),
    "trail.print": lambda w, by: trail.print_trail(Search(), format="csv", by=by),
    "trail.save_search": lambda w, by: trail.save_search(Search.of("x"), name="x", by=by),
    "trail.verify": lambda w, by: trail.verify(by=by),
    "trail.view": lambda w, by: trail.view_trail(Search(), by=by),
    "trail.view_event": lambda w, by: trail.view_event(Event.objects.latest("id"), by=by),
    "version.open": lambda w, by: versions.open_version(w.scans, by=by),
    "version.approve": lambda w, by: versions.approve(w.version, by=by),
    "version.withdraw": lambda w, by: versions.withdraw(w.version, reason="x", by=by),
}


def gather(cast: Cast) -> SimpleNamespace:
    """Something to lay hands on for every action."""
    scans = Asset.objects.get(pk=cast.scans.pk)
    version, other = (versions.open_version(scans, by=cast.alice) for _ in range(2))
    key = keys.issue(cast.bob, name="k", scopes=["read"], expires_at=LATER, by=cast.bob).key
    return SimpleNamespace(
        **vars(cast)
        | {
            "scans": scans,
            "version": version,
            "other": other,
            "file": files.upload(version, "a.csv", [b"a"], by=cast.alice),
            "grant": Grant.objects.get(group=cast.researchers),
            "key": key,
            "saved": trail.save_search(Search.of("x"), name="mine", shared=True, by=cast.dana),
            "export": trail.export(Search.of("x"), format="jsonl", by=cast.dana),
            "lab": roles.create(slug="lab", name="Lab", permissions=["read"], by=cast.erin),
            "request": requests.submit(
                cast.oncology, role("reader"), purpose="research", justification="x", by=cast.bob
            ),
        }
    )
