"""The forms of the trail: one search in fields, keeping it, and taking what it finds away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audit.models import Export
from audit.search import Search


class NarrowForm(forms.Form):
    """The qualifiers that most people want, without the language; `q` carries the rest."""

    actor = forms.CharField(required=False)
    resource = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"placeholder": "project/name"})
    )
    verb = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"placeholder": "grant.open"})
    )
    since = forms.CharField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.CharField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    @classmethod
    def of(cls, search: Search) -> NarrowForm:
        return cls(initial={name: search.value(name) for name in cls.base_fields})


class SaveForm(forms.Form):
    name = forms.CharField(max_length=60)
    q = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)
    shared = forms.BooleanField(required=False, label="For everybody who reads the trail")


class ExportForm(forms.Form):
    q = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)
    format = forms.ChoiceField(choices=Export.Format.choices)


class HoldForm(forms.Form):
    path = forms.CharField(
        max_length=500,
        help_text="An address, as in oncology or oncology/ct-scans; / is everything.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Which dispute or inquiry. It stays in the trail.",
    )


class AskForm(forms.Form):
    person = forms.CharField(
        max_length=150,
        help_text="The user name of somebody who was deactivated.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Name nobody: the reason stays for ever.",
    )

    def __init__(self, people: QuerySet[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people

    def clean_person(self) -> Any:
        name = self.cleaned_data["person"]
        found = self.people.filter(username=name.lower()).first()
        if found is None:
            raise ValidationError(
                f"Nobody who left has the user name {name}: deactivate them first."
            )
        return found


class PlanForm(forms.Form):
    """The mentions that go too, by the number of their leaf."""

    chosen = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, mentions: list[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].choices = [(seq, seq) for seq in mentions]  # type: ignore[attr-defined]
