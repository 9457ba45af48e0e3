"""Projects over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.vocabulary import Kind
from audit.doors.noun import op
from registry import queries
from registry.actions import projects
from registry.api.facts import ProjectEdit, ProjectIn, ProjectOut
from registry.api.nodes import StateDoor
from registry.models import Project


class ProjectDoor(StateDoor):
    kind = Kind.PROJECT
    shown = ProjectOut

    def rows(self) -> QuerySet[Project]:
        return queries.find_projects(self.user, text=self.asked("q"))

    @op(ProjectIn, ProjectOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(projects.register(by=self.user, **self.body()))

    @op(ProjectEdit, ProjectOut)
    def partial_update(self, request: Request, uid: Any) -> Response:
        project = self.get_object()
        facts = {"name": project.name, "description": project.description} | self.body()
        return self.show(projects.edit(project, by=self.user, **facts))
