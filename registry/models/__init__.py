"""What is governed: projects, datasets, models, versions, files."""

from registry.models.assets import Asset, Dataset, MLModel, Project
from registry.models.versions import Blob, File, Lineage, Version

__all__ = ["Asset", "Blob", "Dataset", "File", "Lineage", "MLModel", "Project", "Version"]
