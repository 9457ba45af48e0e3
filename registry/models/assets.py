"""Projects, datasets and models: nodes of the tree with a card."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import validate_slug
from django.db import models

from accounts.models import Resource


def is_a(related_name: str = "+") -> Any:
    """The link to the Resource that this row is; no accessor there, names would clash."""
    return models.OneToOneField(
        Resource, models.CASCADE, parent_link=True, primary_key=True, related_name=related_name
    )


class Project(Resource):
    """A namespace."""

    resource = is_a()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()


class Asset(Resource):
    """What datasets and models share; one namespace in a project."""

    resource = is_a("as_asset")
    card = models.TextField(blank=True)
    tags = ArrayField(
        models.CharField(max_length=50, validators=[validate_slug]), default=list, blank=True
    )
    licence = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=500, blank=True)
    retention = models.CharField(max_length=200, blank=True)

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()


class Dataset(Asset):
    asset = models.OneToOneField(
        Asset, models.CASCADE, parent_link=True, primary_key=True, related_name="+"
    )

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()


class MLModel(Asset):
    asset = models.OneToOneField(
        Asset, models.CASCADE, parent_link=True, primary_key=True, related_name="+"
    )
    framework = models.CharField(max_length=100, blank=True)
    task = models.CharField(max_length=100, blank=True)

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = "model"
