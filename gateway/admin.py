"""What gateways ask by, in the admin: to look at and to remove; added on its page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from audit.doors.admin import ReadOnlyAdmin, each, site
from gateway import queries
from gateway.actions import aliases, properties, routes
from gateway.models import Alias, Condition, DecisionCount, Fact, Route


@admin.register(Route, site=site)
class RouteAdmin(ReadOnlyAdmin):
    list_display = ("host", "methods", "pattern", "permission", "address")
    list_filter = ("host", "permission")
    search_fields = ("host", "pattern", "address")
    actions = (each(routes.remove, "Remove"),)

    def rows(self, user: Any) -> QuerySet[Route]:
        return queries.routes(user)


@admin.register(Alias, site=site)
class AliasAdmin(ReadOnlyAdmin):
    list_display = ("resource_type", "action", "kind", "permission", "address")
    list_filter = ("resource_type", "kind", "permission")
    search_fields = ("resource_type", "action", "address")
    actions = (each(aliases.remove, "Remove"),)

    def rows(self, user: Any) -> QuerySet[Alias]:
        return queries.aliases(user)


@admin.register(Condition, site=site)
class ConditionAdmin(ReadOnlyAdmin):
    list_display = ("resource_type", "action", "words")
    list_filter = ("resource_type", "action")
    search_fields = ("resource_type", "action", "must_name", "when_name")
    actions = (each(properties.remove_condition, "Remove"),)

    def rows(self, user: Any) -> QuerySet[Condition]:
        return queries.conditions(user)


@admin.register(Fact, site=site)
class FactAdmin(ReadOnlyAdmin):
    list_display = ("name", "value", "user", "resource")
    list_filter = ("name",)
    search_fields = ("name", "user__username", "resource__path")
    actions = (each(properties.remove_fact, "Remove"),)

    def rows(self, user: Any) -> QuerySet[Fact]:
        return queries.facts(user)


@admin.register(DecisionCount, site=site)
class DecisionCountAdmin(ReadOnlyAdmin):
    list_display = ("subject", "permission", "resource", "minute", "count")
    list_filter = ("permission", "minute")
    search_fields = ("subject__username", "resource__path")

    def rows(self, user: Any) -> QuerySet[DecisionCount]:
        return queries.counts(user)
