"""Projects: opened by those who keep the policies, answered for by a steward."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.decision import check, site
from accounts.grants import open_grant
from accounts.models import Grant, Role, User
from accounts.models.vocabulary import Kind, State
from accounts.permissions import Permission
from accounts.queries import lock
from audit.acts import action
from registry.actions.states import enter
from registry.models import Project


@action("project.register")
def register(*, slug: str, owner: User, name: str = "", description: str = "", by: User) -> Project:
    """The owner becomes its steward: another person than the one who opens it."""
    root = site()
    check(by, Permission.MANAGE_POLICIES, root)
    if owner == by:
        raise ValidationError({"owner": "Name somebody else: nobody gives access to themselves."})
    if not owner.is_human or not owner.is_active:
        raise ValidationError({"owner": "Name an active person who answers for the project."})
    project = Project(
        kind=Kind.PROJECT, state=State.ACTIVE, name=name, description=description, owner=owner
    )
    project.place(root, slug)
    project.full_clean()
    project.save()
    enter(project, State.ACTIVE)
    steward = Role.objects.get(slug="steward")
    open_grant(steward, owner, project, by=by, origin=Grant.Origin.REGISTRATION)
    return project


@action("project.edit")
def edit(project: Project, *, name: str, description: str, by: User) -> Project:
    check(by, Permission.EDIT, project)
    project = lock(project)
    project.name, project.description = name, description
    project.full_clean()
    project.save()
    return project
