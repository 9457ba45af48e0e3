"""What is said of projects, datasets and models, in and out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.fields import Named, PersonField, ResourceField, name_of
from accounts.models import Standing, User
from accounts.models.vocabulary import (
    Category,
    Classification,
    HipaaForm,
    Kind,
    LawfulBasis,
    SpecialBasis,
    State,
)
from accounts.purposes import Purpose
from audit.doors.rest import StrictSerializer
from registry import queries
from registry.models import Asset, MLModel, Project


def line(most: int) -> Any:
    return serializers.CharField(required=False, allow_blank=True, max_length=most)


def choice(choices: Any) -> Any:
    return serializers.ChoiceField(choices.choices, required=False, allow_blank=True)


def several(choices: Any) -> Any:
    child = serializers.ChoiceField(choices.choices)
    return serializers.ListField(child=child, required=False)


class ProjectField(Named):
    what = "project"

    def found(self, user: User, name: str) -> Project | None:
        return queries.projects(user).filter(path=f"/{name.strip('/')}/").first()


class ProjectOut(serializers.ModelSerializer[Project]):
    owner = name_of("owner")

    class Meta:
        model = Project
        fields = ("uid", "address", "name", "description", "owner", "state", "created_at")


class ProjectIn(StrictSerializer):
    slug = serializers.SlugField(max_length=100)
    owner = PersonField(help_text="Who answers for it, and becomes its steward; not you.")
    name = line(200)
    description = line(20_000)


class ProjectEdit(StrictSerializer):
    name = line(200)
    description = line(20_000)


class Counting(serializers.ModelSerializer[Any]):
    """A row of a list brings it along; a single one is asked."""

    effective_classification = serializers.SerializerMethodField()

    def get_effective_classification(self, row: Any) -> str:
        return str(getattr(row, "counts_as", None) or queries.strictest(row))


class AssetOut(Counting):
    """What whoever may discover it may see."""

    owner = name_of("owner")

    class Meta:
        model = Asset
        fields = (
            "uid", "address", "kind", "name", "description", "tags", "owner", "state",
            "classification", "effective_classification", "categories", "lawful_basis",
            "special_basis", "hipaa_form",
            "permitted_purposes", "prohibited_purposes", "required_agreements", "licence",
            "created_at",
        )  # fmt: skip


class EffectiveOut(serializers.ModelSerializer[Standing]):
    """With all that it lies in and was made from: the strictest counts."""

    made_from_withdrawn = serializers.BooleanField(source="flagged")
    barred_purposes = serializers.ListField(child=serializers.CharField(), source="barred")
    required_agreements = serializers.ListField(child=serializers.CharField(), source="agreements")

    class Meta:
        model = Standing
        fields = (
            "classification", "categories", "barred_purposes", "required_agreements",
            "made_from_withdrawn",
        )  # fmt: skip


class WholeAsset(AssetOut):
    """With what is for readers: null to others."""

    effective = EffectiveOut(source="standing")
    card = serializers.CharField(allow_null=True)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    retention = serializers.CharField(allow_null=True)

    class Meta(AssetOut.Meta):
        fields = (*AssetOut.Meta.fields, "effective", "card", "source", "retention")  # type: ignore[assignment]

    def to_representation(self, instance: Asset) -> Any:
        shown = super().to_representation(instance)
        return shown if self.context["may_read"] else shown | dict.fromkeys(READERS)


READERS = ("card", "source", "retention")


class ModelOut(AssetOut):
    class Meta(AssetOut.Meta):
        model = MLModel
        fields = (*AssetOut.Meta.fields, "framework", "task")  # type: ignore[assignment]


class WholeModel(WholeAsset):
    class Meta(WholeAsset.Meta):
        model = MLModel
        fields = (*WholeAsset.Meta.fields, "framework", "task")  # type: ignore[assignment]


class Facts(StrictSerializer):
    name = line(200)
    description = line(20_000)
    card = line(200_000)
    tags = serializers.ListField(child=serializers.SlugField(max_length=50), required=False)
    licence = line(100)
    source = line(500)
    retention = line(200)
    classification = serializers.ChoiceField(Classification.choices, required=False)
    categories = several(Category)
    lawful_basis = choice(LawfulBasis)
    special_basis = choice(SpecialBasis)
    hipaa_form = choice(HipaaForm)
    permitted_purposes = several(Purpose)
    prohibited_purposes = several(Purpose)
    required_agreements = serializers.ListField(
        child=serializers.SlugField(max_length=50), required=False, help_text="Slugs."
    )


class DatasetIn(Facts):
    project = ProjectField(help_text="Slug of the project.")
    slug = serializers.SlugField(max_length=100)


class ModelFacts(Facts):
    framework = line(100)
    task = line(100)


class ModelIn(DatasetIn, ModelFacts):
    pass


class NewPlace(StrictSerializer):
    project = ProjectField(help_text="Slug of a project that you may edit.")


class NewState(StrictSerializer):
    state = serializers.ChoiceField(State.choices)
    reason = line(2000)


class VersionField(ResourceField):
    what = "version"

    def found(self, user: User, name: str) -> Any:
        found = super().found(user, name)
        is_version = found is not None and found.kind == Kind.VERSION
        return queries.shaped(found) if found is not None and is_version else None
