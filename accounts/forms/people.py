"""Inviting, groups, services, and one's own settings."""

from __future__ import annotations

from django import forms

from accounts import queries
from accounts.forms.fields import PersonField, UserForm
from accounts.models import User


class InviteForm(forms.Form):
    username = forms.CharField(
        label="User name", max_length=64, help_text="Letters, digits and @ . + - _; it stays."
    )
    name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(label="Mail address", help_text="The invitation goes there.")


class GroupForm(forms.Form):
    name = forms.CharField(label="Name of the group", max_length=150)


class MemberForm(UserForm):
    user_name = PersonField(label="Add a person or service")

    def prepare(self) -> None:
        self.fields["user_name"].among(queries.colleagues(self.user))  # type: ignore[attr-defined]


class OwnerForm(UserForm):
    owner = PersonField(
        label="Who answers for it", help_text="An active person; they make and revoke its keys."
    )

    def prepare(self) -> None:
        humans = queries.colleagues(self.user).filter(kind=User.Kind.HUMAN)
        self.fields["owner"].among(humans)  # type: ignore[attr-defined]


class ServiceForm(OwnerForm):
    username = forms.CharField(label="Name", max_length=64, help_text="As in scoring; it stays.")
    description = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), required=False, help_text="What it is for."
    )
    field_order = ("username", "owner", "description")


class NameForm(forms.Form):
    name = forms.CharField(
        max_length=150, required=False, help_text="How others see you in lists and in mail."
    )


class PreferencesForm(forms.Form):
    theme = forms.ChoiceField(
        choices=[("", "As the system"), ("light", "Light"), ("dark", "Dark")],
        required=False,
        widget=forms.RadioSelect,
    )
    shortcuts = forms.BooleanField(
        label="Single-key shortcuts, as in a for approve",
        required=False,
        help_text="Turn them off when you dictate or when keys are hit by accident.",
    )
