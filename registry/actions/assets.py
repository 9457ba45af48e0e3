"""Datasets and models: registered, described, handed over."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.core.exceptions import ValidationError

from accounts.decision import check
from accounts.gains import Own
from accounts.grants import open_grant
from accounts.models import Grant, Role, User
from accounts.models.vocabulary import Kind, State
from accounts.permissions import Permission
from accounts.queries import lock
from accounts.rules import (
    require_known_agreements,
    require_privacy_officer,
    touched,
)
from audit.acts import action
from registry import rules
from registry.actions.states import enter
from registry.models import Asset, Dataset, MLModel, Project, Version

KINDS: dict[str, type[Asset]] = {Kind.DATASET: Dataset, Kind.MODEL: MLModel}
DESCRIPTION = (
    "name",
    "description",
    "card",
    "tags",
    "licence",
    "source",
    "retention",
    "classification",
    "categories",
    "lawful_basis",
    "special_basis",
    "hipaa_form",
    "permitted_purposes",
    "prohibited_purposes",
    "required_agreements",
)


@action("asset.register")
def register(project: Project, kind: str, *, slug: str, by: User, **facts: Any) -> Asset:
    """Default closed: a draft that is there for its steward, whoever registers it, only."""
    check(by, Permission.EDIT, project)
    if kind not in KINDS:
        raise ValidationError({"kind": f"One of {', '.join(KINDS)}."})
    asset = KINDS[kind](kind=kind, state=State.DRAFT, owner=by)
    asset.place(project, slug)
    rules.require_unused(project, slug)
    describe(asset, facts)
    asset.save()
    enter(asset, State.DRAFT)
    steward = Role.objects.get(slug="steward")
    open_grant(steward, by, asset, by=by, origin=Grant.Origin.REGISTRATION)
    return asset


@action("asset.edit")
def edit(asset: Asset, *, by: User, **facts: Any) -> Asset:
    """What is published stays publishable; who may only edit never makes it less protected."""
    check(by, Permission.READ, asset)
    # Read again under a lock: saving a row read earlier would undo a change of state since.
    locked = lock(asset)
    before = copy(locked)
    describe(locked, facts)
    if locked.state != State.DRAFT:
        rules.require_publishable(locked)
    if rules.loosens(before, locked):
        loosen(locked, by)
    else:
        check(by, Permission.EDIT, asset)
        locked.save()
    for version in Version.objects.filter(parent=locked.pk):
        version.classification, version.categories = locked.classification, locked.categories
        version.save()
    return locked


def loosen(asset: Asset, by: User) -> None:
    """To protect it less is for the privacy officer, and of a draft for its editors: but nobody
    does it to open something to themselves, unless the draft is theirs alone."""
    places = touched(asset)
    if rules.is_unseen(asset, places):
        check(by, Permission.EDIT, asset)
    else:
        require_privacy_officer(by, asset)
        check(by, Permission.DECIDE_REQUEST, asset)
    own = Own(by, [] if rules.is_own_draft(by, asset, places) else places)
    asset.save()
    own.require_no_gain()


@action("asset.hand_over")
def hand_over(asset: Asset, owner: User, *, by: User) -> Asset:
    """Another contact; access is given by a grant, not by this."""
    check(by, Permission.GRANT, asset)
    if not owner.is_human or not owner.is_active:
        raise ValidationError({"owner": "Name an active person who answers for it."})
    asset.owner = owner
    asset.save(update_fields=["owner"])
    return asset


@action("asset.move")
def move(asset: Asset, project: Project, *, by: User) -> Asset:
    """Into another project, with its versions: what the new one gives and asks counts at once."""
    check(by, Permission.GRANT, asset)
    check(by, Permission.EDIT, project)
    asset = lock(asset)
    if asset.parent_id == project.pk:
        raise ValidationError({"project": f"It lies in {project} already."})
    before, own = asset.standing, Own(by, touched(asset), moves_to=project)
    asset.place(project, asset.slug)
    rules.require_unused(project, asset.slug, but=asset)
    asset.save()
    for version in Version.objects.filter(parent=asset.pk):
        version.place(asset, version.slug)
        version.save()
    own.require_no_gain()
    if rules.protects_less(before, asset.standing):
        require_privacy_officer(by, asset)
    return asset


def describe(asset: Asset, facts: dict[str, Any]) -> None:
    of_models = {"framework", "task"} if isinstance(asset, MLModel) else set()
    if unknown := sorted(set(facts) - {*DESCRIPTION} - of_models):
        raise ValidationError(dict.fromkeys(unknown, "There is no such field."))
    for name, value in facts.items():
        setattr(asset, name, value)
    require_known_agreements(asset.required_agreements)
    asset.full_clean()
