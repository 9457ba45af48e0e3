"""People, services, groups and memberships in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet

from accounts import queries
from accounts.actions import groups, people, services
from accounts.models import Membership, ServiceAccount, User
from audit.doors.admin import ActionAdmin, ActionForm, each, site

MANAGE_PEOPLE = "accounts.manage_people"


class InviteForm(ActionForm):
    class Meta:
        model = User
        fields = ("username", "email", "name")

    def act(self, data: dict[str, Any]) -> Model:
        return people.invite(**data, by=self.user)


@admin.register(User, site=site)
class UserAdmin(ActionAdmin):
    form = InviteForm
    permission = MANAGE_PEOPLE
    list_display = ("username", "name", "email", "kind", "is_active", "date_joined")
    list_filter = ("kind", "is_active")
    search_fields = ("username", "name", "email")
    fields = ("username", "email", "name")
    actions = (each(people.deactivate, "Deactivate"), each(people.reactivate, "Reactivate"))

    def rows(self, user: Any) -> QuerySet[User]:
        return queries.people(user)


class ServiceForm(ActionForm):
    class Meta:
        model = ServiceAccount
        fields = ("owner", "description")

    def act(self, data: dict[str, Any]) -> Model:
        return services.hand_over(self.instance, data["owner"], by=self.user)


@admin.register(ServiceAccount, site=site)
class ServiceAccountAdmin(ActionAdmin):
    form = ServiceForm
    permission = MANAGE_PEOPLE
    changes = True
    list_display = ("user", "owner", "description")
    list_filter = ("owner",)
    search_fields = ("user__username", "owner__username", "description")
    fields = ("owner",)

    def rows(self, user: Any) -> QuerySet[ServiceAccount]:
        return queries.services(user)

    def choices(self, name: str, user: Any) -> QuerySet[Any] | None:
        return queries.colleagues(user).filter(kind=User.Kind.HUMAN)

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False  # registered on its page, where its name is asked for too

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(request.user.has_perm(self.permission))


class GroupForm(ActionForm):
    class Meta:
        model = Group
        fields = ("name",)

    def act(self, data: dict[str, Any]) -> Model:
        if self.adding:
            return groups.create(**data, by=self.user)
        return groups.rename(self.instance, **data, by=self.user)


@admin.register(Group, site=site)
class GroupAdmin(ActionAdmin):
    form = GroupForm
    permission = MANAGE_PEOPLE
    changes = True
    list_display = ("name",)
    list_filter = ("name",)
    search_fields = ("name",)
    fields = ("name",)

    def rows(self, user: Any) -> QuerySet[Group]:
        return queries.groups(user)


class MembershipForm(ActionForm):
    class Meta:
        model = Membership
        fields = ("group", "user")

    def act(self, data: dict[str, Any]) -> Model:
        return groups.add_member(data["group"], data["user"], by=self.user)


def leave(membership: Membership, *, by: User) -> Membership:
    return groups.remove_member(membership.group, membership.user, by=by)


@admin.register(Membership, site=site)
class MembershipAdmin(ActionAdmin):
    form = MembershipForm
    permission = MANAGE_PEOPLE
    list_display = ("user", "group", "opened_at", "closed_at")
    list_filter = ("group", "closed_at")
    search_fields = ("user__username", "group__name")
    fields = ("group", "user")
    actions = (each(leave, "Remove from the group"),)

    def rows(self, user: Any) -> QuerySet[Membership]:
        return queries.memberships(user)

    def choices(self, name: str, user: Any) -> QuerySet[Any] | None:
        return queries.colleagues(user) if name == "user" else queries.groups(user)
