"""The trail in the admin: read-only, like everywhere."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from audit import queries
from audit.doors.admin import ReadOnlyAdmin, site
from audit.models import Event


@admin.register(Event, site=site)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "actor_repr", "verb", "outcome", "resource_path", "door")
    list_filter = ("outcome", "event_class", "door", "kind")
    search_fields = ("verb", "actor_repr", "resource_path", "object_repr")

    def rows(self, user: Any) -> QuerySet[Event]:
        return queries.readable(user).defer("words")
