"""Keys in the admin: never the secret; issued on their page, revoked here too."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from accounts import queries
from accounts.actions import keys
from accounts.models import ApiKey, ApiKeySecret, KeyUse
from audit.doors.admin import ReadOnlyAdmin, each, site


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "kind", "status", "created_at", "expires_at")
    list_filter = ("kind", "revoked_at")
    search_fields = ("name", "owner__username", "secrets__kid")
    actions = (each(keys.revoke, "Revoke"),)

    def rows(self, user: Any) -> QuerySet[ApiKey]:
        return queries.keys(user)


@admin.register(ApiKeySecret, site=site)
class ApiKeySecretAdmin(ReadOnlyAdmin):
    list_display = ("kid", "key", "created_at", "not_after")
    list_filter = ("created_at",)
    search_fields = ("kid", "key__name", "key__owner__username")
    fields = ("key", "kid", "pepper_id", "created_at", "not_after")

    def rows(self, user: Any) -> QuerySet[ApiKeySecret]:
        return queries.secrets(user)


@admin.register(KeyUse, site=site)
class KeyUseAdmin(ReadOnlyAdmin):
    list_display = ("key", "last_used_at", "address")
    list_filter = ("last_used_at",)
    search_fields = ("key__name", "key__owner__username")

    def rows(self, user: Any) -> QuerySet[KeyUse]:
        return queries.key_uses(user)
