"""Versions: opened, approved (frozen), withdrawn; and what they were made from."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import Max

from accounts.decision import check
from accounts.grants import cover
from accounts.models import User
from accounts.models.vocabulary import Kind, State
from accounts.permissions import Permission
from accounts.queries import lock
from audit import context
from audit.acts import action
from registry import rules
from registry.actions.states import enter, move_to
from registry.manifest import Entry, digest, revision
from registry.models import Asset, Lineage, Version


@action("version.open")
def open_version(asset: Asset, *, notes: str = "", by: User) -> Version:
    """The next number, pending: contributors fill it, a steward freezes it."""
    check(by, Permission.UPLOAD, asset)
    locked = lock(asset)
    versions = Version.objects.filter(parent=locked.pk)
    number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version = Version(kind=Kind.VERSION, state=State.PENDING, number=number, notes=notes, owner=by)
    version.classification, version.categories = locked.classification, locked.categories
    version.place(locked, f"v{number}")
    version.full_clean()
    version.save()
    enter(version, State.PENDING)
    cover(version)
    return version


@action("version.approve")
def approve(version: Version, *, by: User) -> Version:
    """Freeze the files: from here on the revision names exactly these bytes."""
    check(by, Permission.APPROVE_VERSION, version)
    version = lock(version)
    rules.require_transition(version, State.APPROVED)
    entries = [Entry(f.path, f.size, f.sha256) for f in version.files.all()]
    if not entries:
        raise ValidationError(f"{version} has no files: add one first.")
    version.manifest = digest(entries)
    version.revision = revision(version.manifest)
    version.save(update_fields=["manifest", "revision"])
    move_to(version, State.APPROVED, by)
    return version


@action("version.withdraw")
def withdraw(version: Version, *, reason: str, by: User) -> Version:
    check(by, Permission.APPROVE_VERSION, version)
    version = lock(version)
    rules.require_transition(version, State.WITHDRAWN)
    move_to(version, State.WITHDRAWN, by)
    context.say(reason)
    return version


@action("lineage.record")
def record_lineage(child: Version, parent: Version, relation: str, *, by: User) -> Lineage:
    """Whoever makes the child says so, and must be able to see what it was made from."""
    check(by, Permission.EDIT, child)
    check(by, Permission.READ, parent)
    for one in sorted((child, parent), key=lambda version: version.pk):
        lock(one)  # both, so that of two edges that would close a circle the second is refused
    child.refresh_from_db()
    if is_made_from(parent, child):
        raise ValidationError({"parent": f"{parent} was itself made from {child}."})
    edge = Lineage(child=child, parent=parent, relation=relation)
    edge.full_clean()
    edge.save()
    if parent.pk not in child.sources:  # what it stands for now is the strictest of both
        child.sources = [*child.sources, parent.pk]
        child.save(update_fields=["sources"])
    return edge


def is_made_from(version: Version, source: Version) -> bool:
    """Is `source` among what `version` goes back to?"""
    seen: set[int] = set()
    layer = {version.pk}
    while layer:
        if source.pk in layer:
            return True
        seen |= layer
        above = Lineage.objects.filter(child__in=layer).values_list("parent", flat=True)
        layer = set(above) - seen
    return False
