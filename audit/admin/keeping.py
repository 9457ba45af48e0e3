"""Holds and erasures in the admin, through the same actions as on the pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet

from audit import kept
from audit.actions import erasures, keeping
from audit.doors.admin import ActionAdmin, ActionForm, each, site
from audit.models import Erasure, Hold


class HoldForm(ActionForm):
    class Meta:
        model = Hold
        fields = ("path", "reason")

    def act(self, data: dict[str, Any]) -> Model:
        return keeping.place_hold(data["path"], data["reason"], by=self.user)


@admin.register(Hold, site=site)
class HoldAdmin(ActionAdmin):
    form = HoldForm
    permission = "accounts.manage_policies"
    list_display = ("path", "reason", "placed_by", "placed_at", "lifted_by", "lifted_at")
    actions = (each(keeping.lift_hold, "Lift"),)

    def rows(self, user: Any) -> QuerySet[Hold]:
        return kept.holds(user, lifted=True)


class ErasureForm(ActionForm):
    class Meta:
        model = Erasure
        fields = ("subject", "reason")

    def act(self, data: dict[str, Any]) -> Model:
        return erasures.ask_erasure(data["subject"], data["reason"], by=self.user)


def plan(erasure: Erasure, *, by: Any) -> Erasure:
    return erasures.plan_erasure(erasure, [], by=by)


@admin.register(Erasure, site=site)
class ErasureAdmin(ActionAdmin):
    """Asks and plans; it is carried out on its page, by who looked at the plan there."""

    form = ErasureForm
    permission = "accounts.manage_people"
    list_display = ("subject", "status", "reason", "asked_by", "asked_at", "done_by", "done_at")
    actions = (each(plan, "Make the plan"),)

    def rows(self, user: Any) -> QuerySet[Erasure]:
        return kept.erasures(user)

    def choices(self, name: str, user: Any) -> QuerySet[Any]:
        return kept.erasable(user)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        return obj.get_absolute_url() if obj else None
