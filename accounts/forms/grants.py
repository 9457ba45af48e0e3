"""Giving access, and defining what a role gives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import queries
from accounts.forms.fields import MomentField, ResourceField, SubjectField, UserForm
from accounts.grants import Reach
from accounts.models import Grant, Role
from accounts.permissions import Permission
from accounts.purposes import Purpose

MINUTE = "%Y-%m-%dT%H:%M"
NEW = "new"  # the address of the form itself


def moment(**kwargs: Any) -> MomentField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE)
    return MomentField(widget=widget, required=False, **kwargs)


class RangeForm(forms.Form):
    """Which versions of a dataset or model; all three empty: everything there and below."""

    first_version = forms.IntegerField(
        label="From version", min_value=1, required=False, help_text="Empty: all that lies there."
    )
    last_version = forms.IntegerField(
        label="To version", min_value=1, required=False, help_text="Empty: no last one."
    )
    new_versions = forms.ChoiceField(
        label="A version that comes after the last one",
        choices=[("", "As usual"), *Grant.NewVersions.choices],
        required=False,
        help_text="As usual: reached when there is no last one, else asked for again.",
    )

    @property
    def reach(self) -> Reach:
        first, last = self.cleaned_data["first_version"], self.cleaned_data["last_version"]
        usual = Grant.NewVersions.INHERIT if last is None else Grant.NewVersions.ASK
        chosen = self.cleaned_data["new_versions"]
        return Reach(first, last, chosen or ("" if first is None else usual))


class GrantForm(UserForm, RangeForm):
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
        choices=Grant.Effect.choices, widget=forms.HiddenInput, initial=Grant.Effect.ALLOW
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
        if self.chosen == Grant.Effect.DENY:
            self.adapt_to_deny()
        else:
            self.initial.setdefault("expires_at", timezone.now() + timedelta(days=30))

    @property
    def chosen(self) -> str:
        """The one asked for; anything else is refused by its field and reads as an allow."""
        asked = self["effect"].value()
        return asked if asked in Grant.Effect.values else Grant.Effect.ALLOW

    def adapt_to_deny(self) -> None:
        """No end of its own: access must not come back because nobody looked."""
        self.fields["role"].label = "What is taken"
        self.fields["role"].queryset = queries.deniable_roles(self.user)  # type: ignore[attr-defined]
        self.fields[
            "expires_at"
        ].help_text = (
            "Empty: stays until somebody lifts it. With an end, access comes back by itself then."
        )
        del self.fields["purpose"]  # a deny asks for none

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        return data if self.errors else {"purpose": "", **data, "reach": self.reach}


def why(help_text: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label="Reason", widget=widget, max_length=2000, help_text=help_text)


class SuspendForm(forms.Form):
    reason = why("What it waits for. It stands in the trail and in the mail to the holder.")


class ResumeForm(forms.Form):
    reason = why("What was cleared up. It stands in the trail.")


class NarrowForm(RangeForm):
    expires_at = moment(label="Ends earlier (UTC)", help_text="Empty: its end stays.")
    purpose = forms.ChoiceField(
        choices=[("", "As it is"), *Purpose.choices],
        required=False,
        help_text="A grant for any purpose can become one for a single purpose.",
    )
    reason = why("It stands in the trail.")
    field_order = ("expires_at", "purpose", "first_version", "last_version", "new_versions")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        ranged = any(data.get(name) for name in ("first_version", "last_version", "new_versions"))
        return {**data, "reach": self.reach if ranged and not self.errors else None}


class ExtendForm(RangeForm):
    """It says the whole of what holds from then on."""

    expires_at = moment(
        label="Ends later (UTC)", help_text="Empty: stays until somebody revokes it."
    )
    reason = why("Why it is needed for longer, or for more. The holder reads it.")
    field_order = ("expires_at", "first_version", "last_version", "new_versions")

    def clean_expires_at(self) -> datetime | None:
        """What was shown and left as it was is no earlier end: the field shows whole minutes."""
        wanted: datetime | None = self.cleaned_data["expires_at"]
        stands: datetime | None = self.initial.get("expires_at")
        same = wanted and stands and wanted == stands.replace(second=0, microsecond=0)
        return stands if same else wanted

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        return data if self.errors else {**data, "reach": self.reach}


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
