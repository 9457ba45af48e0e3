"""Requests in the admin: to look at; they are decided in the inbox."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from access import queries
from access.models import AccessRequest, ApprovalStep
from audit.doors.admin import ReadOnlyAdmin, site


@admin.register(AccessRequest, site=site)
class AccessRequestAdmin(ReadOnlyAdmin):
    list_display = ("subject", "role", "resource", "purpose", "days", "status", "created_at")
    list_filter = ("status", "purpose", "role")
    search_fields = ("subject__username", "resource__path", "justification")

    def rows(self, user: Any) -> QuerySet[AccessRequest]:
        return queries.requests(user)


@admin.register(ApprovalStep, site=site)
class ApprovalStepAdmin(ReadOnlyAdmin):
    list_display = ("request", "who", "decision", "decided_by", "decided_at")
    list_filter = ("who", "decision")
    search_fields = ("request__resource__path", "decided_by__username", "comment")

    def rows(self, user: Any) -> QuerySet[ApprovalStep]:
        return queries.steps(user)
