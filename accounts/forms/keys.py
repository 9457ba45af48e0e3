"""Asking for a key: whose, what it may at most, and until when."""

from __future__ import annotations

from django import forms

from accounts import queries
from accounts.forms.fields import ResourceField, UserForm, in_days
from accounts.models import ApiKey
from accounts.permissions import Permission
from accounts.rules import MAX_KEY_DAYS

DAYS = (7, 30, 90, 365)


class KeyForm(UserForm):
    """For oneself, or for the service given as `owner`."""

    name = forms.CharField(max_length=100, help_text="Where you will use it, as in laptop or CI.")
    kind = forms.ChoiceField(
        choices=[
            (ApiKey.Kind.SERVICE, "Service key: sent with each call"),
            (ApiKey.Kind.CLIENT, "Client secret: exchanged for keys of 15 minutes"),
        ],
        widget=forms.RadioSelect,
        initial=ApiKey.Kind.SERVICE,
    )
    scopes = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        help_text="The key gives what its owner holds, cut down to these.",
    )
    expires_at = forms.TypedChoiceField(label="Ends after", coerce=in_days)
    within = ResourceField(
        label="Only within",
        required=False,
        help_text="An address, as in project/name. Empty: everything its owner reaches.",
    )

    def prepare(self) -> None:
        owner = self.initial["owner"]
        human = owner.is_human
        if human:
            del self.fields["kind"]
        most = MAX_KEY_DAYS[ApiKey.Kind.PERSONAL if human else ApiKey.Kind.SERVICE]
        days = [(str(n), f"{n} days") for n in DAYS if n <= most]
        useful = queries.useful_scopes(owner)
        scopes = [(p.value, f"{p.value}: {p.label}") for p in Permission if p in useful]
        self.fields["expires_at"].choices = days  # type: ignore[attr-defined]
        self.fields["scopes"].choices = scopes  # type: ignore[attr-defined]
        self.fields["within"].among(queries.resources(owner))  # type: ignore[attr-defined]
        self.initial.setdefault(
            "scopes", [p for p in ("discover", "read", "download") if p in useful]
        )
        self.initial.setdefault("expires_at", "30")
