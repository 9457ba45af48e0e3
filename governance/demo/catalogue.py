"""What the demo governs: two public tables and a model trained on one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.models import Resource, User
from accounts.models.vocabulary import State
from governance.demo.people import Cast, ensure_grant
from registry.actions import assets, files, projects, states, versions
from registry.models import Asset, Lineage, Project, Version
from registry.storage import CHUNK

FILES = Path(settings.BASE_DIR) / "governance" / "demo_data"
TABLE = "oncology/breast-cancer"
MODEL = "oncology/breast-cancer-classifier"
DIABETES = "cardio/diabetes"

ASSETS: dict[str, dict[str, Any]] = {
    TABLE: {
        "kind": "dataset",
        "folder": "breast_cancer",
        "name": "Breast Cancer Wisconsin (Diagnostic)",
        "description": "569 fine needle aspirates: 30 measurements of cell nuclei and a diagnosis.",
        "tags": ["tabular", "health", "oncology"],
        "licence": "CC-BY-4.0",
        "source": "https://doi.org/10.24432/C5DW2B",
        "classification": "restricted",
        "categories": ["personal", "health"],
        "lawful_basis": "6.1.e",
        "special_basis": "9.2.j",
        "permitted_purposes": [
            "research",
            "model_training",
            "inference",
            "model_evaluation",
            "bias_detection",
            "quality_assurance",
        ],
    },
    MODEL: {
        "kind": "model",
        "folder": "breast_cancer_model",
        "name": "Breast cancer classifier",
        "description": "Logistic regression: the probability that a mass is malignant.",
        "tags": ["tabular", "health", "oncology", "logistic-regression"],
        "licence": "Apache-2.0",
        "source": "trained here, see training.json",
        "classification": "confidential",
        "framework": "scikit-learn",
        "task": "tabular-classification",
    },
    DIABETES: {
        "kind": "dataset",
        "folder": "diabetes",
        "name": "Diabetes progression",
        "description": "Ten measurements of 442 people and the disease one year later.",
        "tags": ["tabular", "health"],
        "licence": "not stated by the authors; copy BSD-3-Clause",
        "source": "https://doi.org/10.1214/009053604000000067",
        "classification": "confidential",
        "categories": ["personal", "health"],
        "lawful_basis": "6.1.a",
        "special_basis": "9.2.a",
        "permitted_purposes": [
            "research",
            "model_training",
            "model_evaluation",
            "quality_assurance",
            "analytics",
            "inference",
        ],
    },
}


def fill(cast: Cast) -> None:
    """Alice answers for oncology, Bob for cardio; each sees the other's through a grant."""
    oncology = project("oncology", "Oncology", cast.alice, cast.erin)
    cardio = project("cardio", "Cardiology", cast.bob, cast.erin)
    ensure_grant("member", cast.researchers, oncology, by=cast.alice)
    ensure_grant("member", cast.alice, cardio, by=cast.bob)
    table = published(TABLE, oncology, cast.alice)
    model = published(MODEL, oncology, cast.alice)
    published(DIABETES, cardio, cast.bob)
    ensure_grant("deployer", cast.scoring, at(MODEL), by=cast.erin)
    if not Lineage.objects.filter(child=model, parent=table).exists():
        versions.record_lineage(model, table, Lineage.Relation.TRAINED_ON, by=cast.alice)


def at(address: str) -> Resource:
    return Resource.objects.get(path=path_of(address))


def path_of(address: str) -> str:
    return f"/{address.replace('@', '/')}/"


def project(slug: str, name: str, owner: User, by: User) -> Project:
    found: Project | None = Project.objects.filter(path=f"/{slug}/").first()
    return found or projects.register(slug=slug, name=name, owner=owner, by=by)


def published(address: str, parent: Project, by: User) -> Version:
    """Registered, its first version filled and approved, then there for those who may."""
    facts = dict(ASSETS[address])
    kind, folder = facts.pop("kind"), FILES / facts.pop("folder")
    asset: Asset | None = Asset.objects.filter(path=path_of(address)).first()
    if asset is None:
        card = (folder / "README.md").read_text()
        slug = address.rpartition("/")[2]
        asset = assets.register(parent, kind, slug=slug, card=card, by=by, **facts)
    version = first_version(asset, folder, by)
    if asset.state == State.DRAFT:
        states.set_state(asset, State.PUBLISHED, by=by)
    return version


def first_version(asset: Asset, folder: Path, by: User) -> Version:
    version: Version | None = Version.objects.filter(parent=asset.pk, number=1).first()
    version = version or versions.open_version(asset, notes="As published.", by=by)
    if version.state != State.PENDING:
        return version
    there = set(version.files.values_list("path", flat=True))
    for place in sorted(folder.iterdir()):
        if place.name not in there:
            files.upload(version, place.name, chunks(place), by=by)
    return versions.approve(version, by=by)


def chunks(place: Path) -> Iterator[bytes]:
    with place.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
