"""Agreements and signatures in the admin, through the same actions as on the pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet

from accounts import queries
from accounts.actions import agreements
from accounts.models import Agreement, Signature, User
from audit.doors.admin import ActionAdmin, ActionForm, each, site

MANAGE_POLICIES = "accounts.manage_policies"


class AgreementForm(ActionForm):
    class Meta:
        model = Agreement
        fields = ("slug", "kind", "title", "text", "days")

    def act(self, data: dict[str, Any]) -> Model:
        return agreements.define(**data, by=self.user)


@admin.register(Agreement, site=site)
class AgreementAdmin(ActionAdmin):
    form = AgreementForm
    permission = MANAGE_POLICIES
    list_display = ("slug", "kind", "title", "days", "created_at")
    list_filter = ("kind",)
    search_fields = ("slug", "title", "text")

    def rows(self, user: Any) -> QuerySet[Agreement]:
        return queries.agreements(user)


class SignatureForm(ActionForm):
    class Meta:
        model = Signature
        fields = ("agreement", "user", "evidence", "expires_at")
        widgets = {"expires_at": forms.DateTimeInput(attrs={"type": "datetime-local"})}
        field_classes = {"expires_at": forms.DateTimeField}

    def act(self, data: dict[str, Any]) -> Model:
        return agreements.record(data.pop("agreement"), data.pop("user"), **data, by=self.user)


@admin.register(Signature, site=site)
class SignatureAdmin(ActionAdmin):
    form = SignatureForm
    permission = MANAGE_POLICIES
    list_display = ("user", "agreement", "status", "opened_at", "opened_by", "expires_at")
    list_filter = ("agreement", "closed_at")
    search_fields = ("user__username", "agreement__slug", "evidence")
    actions = (each(agreements.withdraw, "Withdraw"),)

    def rows(self, user: Any) -> QuerySet[Signature]:
        return queries.signatures(user)

    def choices(self, name: str, user: Any) -> QuerySet[Any] | None:
        people = queries.colleagues(user).filter(kind=User.Kind.HUMAN).exclude(pk=user.pk)
        return people if name == "user" else queries.agreements(user)
