"""The catalogue: what one may find, by words, kind, classification and project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.models import Resource, User
from accounts.models.vocabulary import Classification, Kind, State
from accounts.permissions import Permission
from accounts.queries import held_among, on_site
from audit.doors.page import page, show
from registry import queries

ALONE = 50  # versions without what they lie in, on the first page
ORDINARY = (State.ACTIVE, State.PUBLISHED)  # states that need no mark in a list


@dataclass(frozen=True)
class Found:
    """One row: the resource, and what this person may do with it."""

    resource: Any
    access: str

    @property
    def title(self) -> str:
        one = self.resource
        named: str = one.label if one.kind != Kind.VERSION else f"{one.parent.label} v{one.number}"
        return named

    @property
    def tags(self) -> list[str]:
        state = self.resource.state
        marks = [] if state in ORDINARY else [state]
        is_asset = self.resource.kind != Kind.PROJECT
        return [*marks, self.resource.counts_as] if is_asset else marks

    @property
    def inherits(self) -> bool:
        """Counts as more than it was registered as, for what it was made from."""
        own: str = self.resource.classification
        return getattr(self.resource, "counts_as", own) != own


def listing(request: HttpRequest) -> HttpResponse:
    user, query = request.user, request.GET
    assert isinstance(user, User)  # the sign-in wall stands before every page
    asked = {name: query.get(name, "")[:200] for name in ("q", "kind", "classification", "project")}
    projects = list(queries.projects(user).order_by("slug"))
    found = page(search(user, asked), query)
    alone = [] if "cursor" in query else list(queries.alone(user, **narrowed(asked))[:ALONE])
    return show(
        request,
        "registry/catalogue.html",
        {
            "title": "Catalogue",
            "lede": "The datasets and models that you may see, and what you may do with them.",
            "page": found,
            "rows": with_access(user, [*alone, *found.rows]),
            "asked": asked,
            "facets": facets(asked, projects),
            "filtered": any(asked.values()),
            "may_open_project": on_site(user, Permission.MANAGE_POLICIES),
            "register_in": registrable(user, asked["project"]),
        },
    )


def search(user: User, asked: dict[str, str]) -> Any:
    if asked["kind"] == Kind.PROJECT:
        return queries.find_projects(user, text=asked["q"])
    return queries.assets(user, **narrowed(asked))


def narrowed(asked: dict[str, str]) -> dict[str, str]:
    """The question as the queries take it."""
    return {("text" if name == "q" else name): value for name, value in asked.items()}


def with_access(user: User, rows: list[Any]) -> list[Found]:
    ids = [row.pk for row in rows]
    held = {p: held_among(user, p, ids) for p in (Permission.DOWNLOAD, Permission.READ)}

    def access(row: Resource) -> str:
        return next((p for p, ids in held.items() if row.pk in ids), "")

    return [Found(row, access(row)) for row in rows]


def registrable(user: User, project: str) -> Resource | None:
    """The project that "Register" is about: the chosen one, or the only one."""
    editable = user.visible(queries.KINDS[Kind.PROJECT], Permission.EDIT)
    mine = list(editable.filter(slug=project) if project else editable[:2])
    return mine[0] if len(mine) == 1 else None


def facets(asked: dict[str, str], projects: list[Any]) -> list[dict[str, Any]]:
    kinds = [(kind.value, f"{kind.label.capitalize()}s") for kind in Kind if kind in KINDS]
    choices = {
        "kind": ("Kind", kinds),
        "classification": (
            "Classification",
            [(c.value, c.label.capitalize()) for c in Classification],
        ),
        "project": ("Project", [(p.slug, p.label) for p in projects]),
    }
    return [
        {
            "name": name,
            "label": label,
            "value": asked[name],
            "options": [{"value": value, "label": text} for value, text in options],
        }
        for name, (label, options) in choices.items()
    ]


KINDS = (Kind.PROJECT, Kind.DATASET, Kind.MODEL)
