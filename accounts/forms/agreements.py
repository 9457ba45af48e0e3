"""Defining an agreement, and recording that somebody signed it."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import queries
from accounts.forms.fields import PersonField, UserForm
from accounts.forms.grants import NEW, moment
from accounts.models import Agreement, User


class AgreementForm(forms.Form):
    slug = forms.SlugField(
        label="Short name", max_length=50, help_text="Lower case, as in dua-2026. It stays."
    )
    title = forms.CharField(max_length=200)
    kind = forms.ChoiceField(choices=Agreement.Kind.choices)
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 8}),
        required=False,
        help_text="What is agreed, or where it can be read.",
    )
    days = forms.IntegerField(
        label="Good for (days)",
        min_value=1,
        max_value=36_500,
        initial=365,
        help_text="After this, it has to be signed again.",
    )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug == NEW:
            raise ValidationError("This word is taken by the site: choose another.")
        return slug


class SignatureForm(UserForm):
    """Recorded by somebody else than the person, who can show what was signed."""

    person = PersonField(label="Who signed", help_text="A user name: a person, not a service.")
    evidence = forms.CharField(
        max_length=500, help_text="Where it can be seen, as in file 2026-117 of the ethics board."
    )
    expires_at = moment(label="Good until (UTC)", help_text="Empty: as long as is usual.")

    def prepare(self) -> None:
        known = queries.colleagues(self.user) | queries.people(self.user)
        people = known.filter(kind=User.Kind.HUMAN, is_active=True).exclude(pk=self.user.pk)
        self.fields["person"].among(known, suggested=people)  # type: ignore[attr-defined]

    def usual(self, agreement: Agreement) -> None:
        self.initial.setdefault("expires_at", timezone.now() + timedelta(days=agreement.days))
