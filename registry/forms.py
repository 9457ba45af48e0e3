"""What people type about projects, datasets, models, versions and files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField

from accounts import queries as people
from accounts.forms.fields import PersonField, ResourceField, UserForm
from accounts.models import User
from accounts.models.vocabulary import (
    Category,
    Classification,
    HipaaForm,
    Kind,
    LawfulBasis,
    SpecialBasis,
)
from accounts.purposes import Purpose
from registry import queries
from registry.models import Asset, Lineage, Project

SLUG = "Lower case, as in ct-scans. It is part of the address and stays."
PATH_CODES = {"name_": "path"}  # the manifest's words for a part of a path
FACTS = (
    ("What it is", "", ("slug", "name", "description", "tags", "task", "framework")),
    (
        "What the law says",
        "Personal data needs a legal basis and at least one purpose before it is published.",
        (
            "classification",
            "categories",
            "lawful_basis",
            "special_basis",
            "hipaa_form",
            "permitted_purposes",
            "prohibited_purposes",
            "required_agreements",
        ),
    ),
    ("Where it comes from", "", ("source", "licence", "retention")),
    ("Card", "", ("card",)),
)


def text(rows: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), required=False, **kwargs)


def one_of(choices: list[tuple[str, Any]], **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=[("", "None"), *choices], required=False, **kwargs)


def some_of(choices: list[tuple[str, Any]], **kwargs: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=choices, required=False, widget=forms.CheckboxSelectMultiple, **kwargs
    )


class TagsField(forms.CharField):
    """Words with commas or spaces between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return list(dict.fromkeys(super().clean(value).replace(",", " ").split()))


class OwnerForm(UserForm):
    owner = PersonField(
        label="Who answers for it", help_text="A user name. Access is given apart from this."
    )

    def prepare(self) -> None:
        humans = people.colleagues(self.user).filter(kind=User.Kind.HUMAN)
        self.fields["owner"].among(humans)  # type: ignore[attr-defined]


class ProjectForm(OwnerForm):
    slug = forms.SlugField(label="Short name", max_length=100, help_text=SLUG)
    name = forms.CharField(max_length=200, required=False)
    description = text(3)
    field_order = ("slug", "name", "description", "owner")

    def prepare(self) -> None:
        super().prepare()
        self.fields["owner"].help_text = "Somebody else than you: they become its steward."


class ProjectEditForm(forms.Form):
    name = forms.CharField(max_length=200, required=False)
    description = text(3)


class AssetForm(forms.Form):
    """Its cleaned data are the facts that the actions take."""

    name = forms.CharField(max_length=200)
    description = text(2, help_text="One or two sentences; they stand in the catalogue.")
    tags = TagsField(required=False, help_text="As in oncology, ct, 2026.")
    classification = forms.ChoiceField(
        choices=Classification.choices, initial=Classification.INTERNAL
    )
    categories = some_of(Category.choices, label="What it contains")
    lawful_basis = one_of(LawfulBasis.choices, label="Legal basis (GDPR Art. 6)")
    special_basis = one_of(SpecialBasis.choices, label="Basis for special categories (Art. 9)")
    hipaa_form = one_of(HipaaForm.choices, label="HIPAA form")
    permitted_purposes = some_of(Purpose.choices, help_text="None chosen: every purpose.")
    prohibited_purposes = some_of(Purpose.choices)
    required_agreements = some_of(
        [],
        help_text="From the next request on, nobody uses the bytes, or what is made from them,"
        " before these are signed. Have the signatures recorded first.",
    )
    source = forms.CharField(max_length=500, required=False)
    licence = forms.CharField(max_length=100, required=False)
    retention = forms.CharField(
        max_length=200, required=False, help_text="As in: ten years after the study ends."
    )
    card = text(12, help_text="Markdown. Facts may stand on top as YAML between two lines of ---.")

    @property
    def sections(self) -> list[tuple[str, str, list[BoundField]]]:
        return [
            (title, note, [self[name] for name in names if name in self.fields])
            for title, note, names in FACTS
        ]


class ModelForm(AssetForm):
    task = forms.CharField(max_length=100, required=False, help_text="As in classification.")
    framework = forms.CharField(max_length=100, required=False, help_text="As in scikit-learn.")


def asset_form(
    kind: str, *args: Any, user: User, asset: Asset | None = None, **kwargs: Any
) -> AssetForm:
    form = (ModelForm if kind == Kind.MODEL else AssetForm)(*args, **kwargs)
    known: Any = form.fields["required_agreements"]
    out = people.unsigned(user, asset) if asset is not None else {}
    known.choices = [
        (one.slug, f"{one.title}{warning(out.get(one.slug))}") for one in people.agreements(user)
    ]
    if not known.choices:
        del form.fields["required_agreements"]
    if asset is None:
        form.fields["slug"] = forms.SlugField(label="Short name", max_length=100, help_text=SLUG)
    return form


def warning(out: people.Unsigned | None) -> str:
    """What requiring an agreement would do at once."""
    if out is None or not out.among:
        return ""
    if not out.count:
        return f": all {out.among} who may use it now have signed"
    you = ", you among them" if out.oneself else ""
    return f": {out.count} of {out.among} who may use it now have not signed and are out{you}"


class VersionForm(forms.Form):
    notes = text(2, help_text="What is in it, or what changed since the last one.")


class UploadForm(forms.Form):
    codes = PATH_CODES
    file = forms.FileField(allow_empty_file=True)
    path = forms.CharField(
        max_length=512, required=False, help_text="As in data/train.csv. Empty: the file's name."
    )
    sha256 = forms.CharField(
        label="SHA-256",
        max_length=64,
        required=False,
        help_text="If you know it: what arrives must match it.",
    )


class ReferForm(forms.Form):
    codes = PATH_CODES
    path = forms.CharField(max_length=512, help_text="Its name here, as in data/scans.tar.")
    uri = forms.CharField(
        label="Where it is", max_length=1000, help_text="As in s3://bucket/scans.tar."
    )
    size = forms.IntegerField(label="Size in bytes", min_value=0)
    sha256 = forms.CharField(label="SHA-256", min_length=64, max_length=64)


class MoveForm(UserForm):
    project = ResourceField(help_text="The short name of a project that you may edit.")

    def prepare(self) -> None:
        self.fields["project"].among(queries.movable_to(self.user))  # type: ignore[attr-defined]


class LineageForm(UserForm):
    parent = ResourceField(
        label="Made from", help_text="A version you may read, as in oncology/ct-scans@v3."
    )
    relation = forms.ChoiceField(choices=Lineage.Relation.choices)

    def prepare(self) -> None:
        self.fields["parent"].among(queries.versions(self.user))  # type: ignore[attr-defined]


def project_facts(project: Project) -> dict[str, Any]:
    return {"name": project.name, "description": project.description}
