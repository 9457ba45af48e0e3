"""Roles and grants in the admin: what is given here leaves the same act as on the pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet

from accounts import queries
from accounts.actions import grants, roles
from accounts.grants import Reach
from accounts.models import Grant, Grantable, Role, RolePermission, Suspension
from accounts.permissions import Permission
from audit.doors.admin import ActionAdmin, ActionForm, ReadOnlyAdmin, each, site


class RoleForm(ActionForm):
    permissions = forms.MultipleChoiceField(
        choices=Permission.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Role
        fields = ("slug", "name", "description", "requestable")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.adding:
            self.initial["permissions"] = sorted(self.instance.codenames())

    def act(self, data: dict[str, Any]) -> Model:
        if self.adding:
            return roles.create(**data, by=self.user)
        data.pop("slug", None)
        return roles.edit(self.instance, **data, by=self.user)


@admin.register(Role, site=site)
class RoleAdmin(ActionAdmin):
    form = RoleForm
    permission = "accounts.manage_roles"
    changes = True
    list_display = ("slug", "name", "built_in", "requestable", "retired_at")
    list_filter = ("built_in", "requestable")
    search_fields = ("slug", "name", "description")
    fields = ("slug", "name", "description", "requestable", "permissions")
    actions = (each(roles.retire, "Retire"),)

    def rows(self, user: Any) -> QuerySet[Role]:
        return queries.roles(user)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        open_to_change = super().has_change_permission(request, obj)
        return open_to_change and (obj is None or not obj.built_in)

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        writable = obj is None or self.has_change_permission(request, obj)
        return self.fields if writable else self.fields[:-1]

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        return ("slug",) if obj is not None else ()


class GrantForm(ActionForm):
    class Meta:
        model = Grant
        fields = (
            "role",
            "user",
            "group",
            "resource",
            "effect",
            "purpose",
            "starts_at",
            "expires_at",
            "first_version",
            "last_version",
            "new_versions",
            "reason",
        )
        widgets = {
            "starts_at": forms.DateTimeInput(attrs={"type": "datetime-local"}),
            "expires_at": forms.DateTimeInput(attrs={"type": "datetime-local"}),
        }
        field_classes = {"starts_at": forms.DateTimeField, "expires_at": forms.DateTimeField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.adding:  # else its start would be when the form was opened
            self.initial["starts_at"] = None
            self.fields["starts_at"].required = False
            self.fields["starts_at"].help_text = "Empty: at once."

    def act(self, data: dict[str, Any]) -> Model:
        role, resource = data.pop("role"), data.pop("resource")
        user, group = data.pop("user"), data.pop("group")
        reach = Reach(
            *(data.pop(name) for name in ("first_version", "last_version", "new_versions"))
        )
        return grants.give(role, user or group, resource, reach=reach, **data, by=self.user)


@admin.register(Grant, site=site)
class GrantAdmin(ActionAdmin):
    form = GrantForm
    permission = "accounts.grant"
    list_display = (
        "role", "user", "group", "resource", "versions", "effect", "status", "expires_at",
    )  # fmt: skip
    list_filter = ("effect", "origin", "role")
    search_fields = ("user__username", "group__name", "resource__path", "role__slug", "reason")
    actions = (each(grants.resume, "Resume"), each(grants.revoke, "Revoke"))

    def rows(self, user: Any) -> QuerySet[Grant]:
        return queries.grants(user)

    def choices(self, name: str, user: Any) -> QuerySet[Any] | None:
        return {
            "role": queries.roles,
            "user": queries.colleagues,
            "group": queries.groups,
            "resource": queries.givable,
        }[name](user)


@admin.register(Suspension, site=site)
class SuspensionAdmin(ReadOnlyAdmin):
    list_display = ("grant", "reason", "opened_at", "opened_by", "closed_at", "closed_by")
    list_filter = ("opened_at", "closed_at")
    search_fields = ("grant__user__username", "grant__resource__path", "reason")

    def rows(self, user: Any) -> QuerySet[Suspension]:
        return queries.suspensions(user)


@admin.register(RolePermission, site=site)
class RolePermissionAdmin(ReadOnlyAdmin):
    list_display = ("role", "codename", "opened_at", "closed_at")
    list_filter = ("role", "codename")
    search_fields = ("role__slug", "codename")

    def rows(self, user: Any) -> QuerySet[RolePermission]:
        return queries.role_permissions(user)


@admin.register(Grantable, site=site)
class GrantableAdmin(ReadOnlyAdmin):
    list_display = ("giver", "role")
    list_filter = ("giver",)
    search_fields = ("giver__slug", "role__slug")

    def rows(self, user: Any) -> QuerySet[Grantable]:
        return queries.grantables(user)
