"""Writing down routes, aliases, conditions and known properties."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts import queries
from accounts.forms.fields import PersonField, ResourceField, UserForm
from gateway.models.names import KINDS
from gateway.models.properties import Operator, Source
from gateway.models.routes import Method
from gateway.permissions import CHOICES

PERMISSIONS = [(value, f"{value}: {label}") for value, label in CHOICES]


class RouteForm(forms.Form):
    host = forms.CharField(max_length=255, help_text="Without port, as in models.example.org.")
    methods = forms.MultipleChoiceField(
        choices=Method.choices, widget=forms.CheckboxSelectMultiple, initial=["GET", "HEAD"]
    )
    pattern = forms.CharField(
        max_length=500,
        label="Path",
        help_text="As in /v1/models/{name}/infer. At its end, /** stands for all below.",
    )
    permission = forms.ChoiceField(choices=PERMISSIONS)
    address = forms.CharField(
        max_length=300,
        label="On which resource",
        help_text="Its address, as in oncology/{name}; each {name} comes from the path.",
    )


class AliasForm(forms.Form):
    resource_type = forms.CharField(
        max_length=100, label="Their type", help_text="As the program names it, as in record."
    )
    action = forms.CharField(max_length=100, label="Their action", help_text="As in delete.")
    kind = forms.ChoiceField(choices=KINDS, label="Our kind")
    permission = forms.ChoiceField(choices=PERMISSIONS, label="Our permission")
    address = forms.CharField(
        max_length=300,
        label="Our address",
        initial="{id}",
        help_text="Where their id stands in it, as in records/{id}.",
    )


class ValueField(forms.CharField):
    """A typed value: true, 3, "text", or ["a", "b"]; a bare word is a text."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = json.loads(text)
        except RecursionError:
            raise ValidationError("A text, a number, true, false, or a list of them.") from None
        except ValueError:
            return text
        return text if isinstance(found, dict) or found is None else found


SCALAR = 'A word is a text; true, false and 3 are what they are; "3" is a text.'
TYPED = 'A word is a text; true, false and 3 are what they are; "3" is a text; ["a", "b"] a list.'


class ConditionForm(forms.Form):
    typed = f"Values: {TYPED[0].lower()}{TYPED[1:]}"
    resource_type = forms.CharField(
        max_length=100, label="Type", help_text="As the program names it: record, or model."
    )
    action = forms.CharField(max_length=100, help_text="As the program names it: write, or invoke.")
    when_source = forms.ChoiceField(
        choices=[("", "Always"), *Source.choices], required=False, label="Property of"
    )
    when_name = forms.CharField(max_length=100, required=False, label="Name")
    when_operator = forms.ChoiceField(
        choices=[("", ""), *Operator.choices], required=False, label="Comparison"
    )
    when_value = ValueField(max_length=500, required=False, label="Value")
    must_source = forms.ChoiceField(choices=Source.choices, label="Property of")
    must_name = forms.CharField(max_length=100, label="Name")
    must_operator = forms.ChoiceField(choices=Operator.choices, label="Comparison")
    must_value = ValueField(max_length=500, label="Value")

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """What it is about, when it applies, what must hold then."""
        starts = {
            "About": ("resource", "action"),
            "When": ("when_",),
            "Then this must hold": ("must_",),
        }
        return [
            (legend, [self[name] for name in self.fields if name.startswith(start)])
            for legend, start in starts.items()
        ]


class FactForm(UserForm):
    person = PersonField(label="About a person or service", required=False)
    resource = ResourceField(label="Or about a resource", required=False)
    name = forms.CharField(max_length=100, label="Property", help_text="As in role, or status.")
    value = ValueField(max_length=500, help_text=SCALAR)

    def prepare(self) -> None:
        self.fields["person"].among(queries.people(self.user))  # type: ignore[attr-defined]
        self.fields["resource"].among(queries.resources(self.user))  # type: ignore[attr-defined]
