"""The forms of the trail: one search in fields, keeping it, and taking what it finds away."""

from __future__ import annotations

from django import forms

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
