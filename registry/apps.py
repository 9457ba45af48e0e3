"""Projects, datasets, models, versions, files, lineage."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
