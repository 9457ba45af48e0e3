"""Giving access, and defining what a role gives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import queries
from accounts.forms.fields import ResourceField, SubjectField, UserForm
from accounts.models import Grant, Role
from accounts.permissions import Permission
from accounts.purposes import Purpose

MINUTE = "%Y-%m-%dT%H:%M"
NEW = "new"  # the address of the form itself


def moment(**kwargs: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(widget=widget, required=False, **kwargs)


class GrantForm(UserForm):
    subject = SubjectField(
        label="Person, service or group", help_text="A user name, or group: and its name."
    )
    resource = ResourceField(
        help_text="Its address, as in project/name or project/name@v3. It holds for all below."
    )
    role: forms.ModelChoiceField[Role] = forms.ModelChoiceField(
        None, to_field_name="slug", widget=forms.RadioSelect, empty_label=None
    )
    effect = forms.ChoiceField(
        label="Allow or deny",
        choices=[("allow", "Allow"), ("deny", "Deny, whatever else allows it")],
        widget=forms.RadioSelect,
        initial=Grant.Effect.ALLOW,
    )
    purpose = forms.ChoiceField(
        choices=[("", "Any that the resource permits"), *Purpose.choices],
        required=False,
        help_text="With a purpose, the grant is good for that purpose alone.",
    )
    starts_at = moment(label="Starts (UTC)", help_text="Empty: at once.")
    expires_at = moment(label="Ends (UTC)", help_text="Empty: stays until somebody revokes it.")
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text="Stands in the trail, and in the mail to whoever receives it.",
    )

    def prepare(self) -> None:
        people, groups = queries.colleagues(self.user), queries.groups(self.user)
        self.fields["subject"].among_all(people, groups)  # type: ignore[attr-defined]
        self.fields["resource"].among(queries.givable(self.user))  # type: ignore[attr-defined]
        self.fields["role"].queryset = queries.givable_roles(self.user)  # type: ignore[attr-defined]
        self.initial.setdefault("expires_at", timezone.now() + timedelta(days=30))


class RoleForm(forms.Form):
    name = forms.CharField(max_length=100)
    description = forms.CharField(max_length=500, required=False)
    permissions = forms.MultipleChoiceField(
        choices=[(p.value, f"{p.value}: {p.label}") for p in Permission],
        widget=forms.CheckboxSelectMultiple,
    )
    requestable = forms.BooleanField(
        label="People may ask for it in a request for access", required=False
    )


class NewRoleForm(RoleForm):
    slug = forms.SlugField(
        label="Short name", max_length=50, help_text="Lower case, as in data-curator. It stays."
    )
    field_order = ("slug", "name", "description", "permissions", "requestable")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug == NEW:
            raise ValidationError("This word is taken by the site: choose another.")
        return slug
