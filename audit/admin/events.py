"""The trail in the admin: read-only, searched in its own language, and recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from audit import queries
from audit.actions import trail
from audit.doors.admin import ReadOnlyAdmin, site
from audit.models import Event
from audit.search import Search


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Nobody pages through ten million rows by number; the trail's own page has no end."""

    @cached_property
    def count(self) -> int:
        found: Any = self.object_list
        return int(found.order_by()[: queries.COUNTED].count())


@admin.register(Event, site=site)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "actor_repr", "verb", "outcome", "resource_path", "door")
    list_filter = ("outcome", "event_class", "kind")
    search_fields = ("verb",)  # only so that there is a field: `get_search_results` reads it
    search_help_text = "Words and qualifiers, as on the page of the trail."
    sortable_by = ()
    paginator = CappedPaginator

    def rows(self, user: Any) -> QuerySet[Event]:
        return queries.readable(user).defer("words")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        if not search_term:
            return queryset, False
        try:
            return queryset.filter(Search.of(search_term).condition()), False
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return queryset.none(), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        trail.view_trail(asked(request), by=request.user)
        return super().changelist_view(request, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            trail.view_event(found, by=request.user)
        return found


def asked(request: HttpRequest) -> Search:
    try:
        return Search.of(request.GET.get("q", ""))
    except ValidationError:
        return Search()
