"""The tree and the derived rows in the admin: to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from accounts import queries
from accounts.models import (
    GroupPermission,
    Resource,
    Spell,
    Standing,
    StatePeriod,
    UserPermission,
)
from audit.doors.admin import ReadOnlyAdmin, site


@admin.register(Resource, site=site)
class ResourceAdmin(ReadOnlyAdmin):
    list_display = ("path", "kind", "name", "state", "classification", "owner")
    list_filter = ("kind", "state", "classification")
    search_fields = ("path", "name", "description")

    def rows(self, user: Any) -> QuerySet[Resource]:
        return queries.resources(user)


@admin.register(StatePeriod, site=site)
class StatePeriodAdmin(ReadOnlyAdmin):
    list_display = ("resource", "state", "opened_at", "closed_at")
    list_filter = ("state",)
    search_fields = ("resource__path",)

    def rows(self, user: Any) -> QuerySet[StatePeriod]:
        return queries.periods(user)


@admin.register(Standing, site=site)
class StandingAdmin(ReadOnlyAdmin):
    list_display = ("resource", "classification", "blocked", "hidden", "flagged", "opened_at")
    list_filter = ("classification", "blocked", "hidden", "flagged", "closed_at")
    search_fields = ("resource__path", "agreements", "categories")

    def rows(self, user: Any) -> QuerySet[Standing]:
        return queries.standings(user)


@admin.register(Spell, site=site)
class SpellAdmin(ReadOnlyAdmin):
    list_display = ("user", "answerable", "opened_at", "closed_at")
    list_filter = ("opened_at", "closed_at")
    search_fields = ("user__username", "answerable__username")

    def rows(self, user: Any) -> QuerySet[Spell]:
        return queries.spells(user)


class RowAdmin(ReadOnlyAdmin):
    list_filter = ("permission", "expires_at")
    search_fields = ("content_object__path", "permission__codename")


@admin.register(UserPermission, site=site)
class UserPermissionAdmin(RowAdmin):
    list_display = ("user", "permission", "content_object", "grant", "starts_at", "expires_at")

    def rows(self, user: Any) -> QuerySet[UserPermission]:
        return queries.user_rows(user)


@admin.register(GroupPermission, site=site)
class GroupPermissionAdmin(RowAdmin):
    list_display = ("group", "permission", "content_object", "grant", "starts_at", "expires_at")

    def rows(self, user: Any) -> QuerySet[GroupPermission]:
        return queries.group_rows(user)
