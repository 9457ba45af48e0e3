"""Asking for access: which role, what for, for how long, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from access import queries as asking
from accounts import queries
from accounts.forms.fields import ResourceField, UserForm
from accounts.models import Resource, Role, User

DAYS = (7, 30, 90)


class FindForm(UserForm):
    """The first step without a link from the catalogue: on what."""

    resource = ResourceField(
        label="Dataset, model, version or project", help_text="Its address, as in project/name."
    )

    def prepare(self) -> None:
        self.fields["resource"].among(asking.askable(self.user))  # type: ignore[attr-defined]


def smallest_first(roles: Iterable[Role]) -> list[Role]:
    """The smallest is what most people need."""
    return sorted(roles, key=lambda role: len(role.codenames()))


class RequestForm(UserForm):
    """Offers what fits the resource given as `initial["resource"]`; the first that is not held."""

    subject: forms.ModelChoiceField[User] = forms.ModelChoiceField(
        None,
        label="For whom",
        required=False,
        empty_label="Myself",
        to_field_name="username",
        help_text="Yourself, or a service that you answer for.",
    )
    role: forms.ModelChoiceField[Role] = forms.ModelChoiceField(
        None, to_field_name="slug", widget=forms.RadioSelect, empty_label=None
    )
    purpose = forms.ChoiceField(help_text="The access is good for this alone.")
    days = forms.TypedChoiceField(
        label="For how long",
        coerce=int,
        choices=[(n, f"{n} days") for n in DAYS],
        widget=forms.RadioSelect,
        initial=30,
    )
    justification = forms.CharField(
        label="Why you need it",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever decides reads this, and it stays in the trail.",
    )

    def prepare(self) -> None:
        resource: Resource = self.initial["resource"]
        purposes = queries.permitted_purposes(resource)
        roles: Any = self.fields["role"]
        roles.queryset = queries.requestable_roles(self.user)
        self.may = queries.May(self.user, resource)
        self.offered = smallest_first(roles.queryset)
        held = set(queries.own_grants(self.user).over(resource).values_list("role", flat=True))  # type: ignore[attr-defined]
        new = (r for r in self.offered if r.pk not in held and not self.may.all_of(r.codenames()))
        self.initial.setdefault("role", next((role.slug for role in new), ""))
        choices = [(p.value, p.label.capitalize()) for p in purposes]
        self.fields["purpose"].choices = [("", "Choose one"), *choices]  # type: ignore[attr-defined]
        services = queries.people(self.user).filter(service_account__owner=self.user)
        if services.exists():
            self.fields["subject"].queryset = services  # type: ignore[attr-defined]
        else:
            del self.fields["subject"]
