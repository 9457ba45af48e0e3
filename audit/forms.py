"""The search of the trail: fields, and qualifiers such as `actor:erin` inside the text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

NAMES = ("actor", "resource", "verb", "outcome", "door", "since", "until")


class TrailForm(forms.Form):
    """Checked by `Filters.read`; here only for showing it."""

    actor = forms.CharField(required=False)
    resource = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"placeholder": "project/name"})
    )
    verb = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"placeholder": "grant.open"})
    )
    since = forms.CharField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.CharField(required=False, widget=forms.DateInput(attrs={"type": "date"}))


def qualified(query: QueryDict) -> dict[str, Any]:
    """`actor:erin verb:grant scans` is the field actor, the field verb and the word scans."""
    asked: dict[str, Any] = {name: query.get(name, "") for name in ("text", *NAMES)}
    words = []
    for word in asked["text"].split():
        name, colon, value = word.partition(":")
        if colon and value and name in NAMES:
            asked[name] = value
        else:
            words.append(word)
    return asked | {"text": " ".join(words)}
