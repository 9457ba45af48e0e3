"""The registry in the admin: to look at; it is written on its pages and over REST."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from audit.doors.admin import ReadOnlyAdmin, site
from registry import queries
from registry.models import Asset, Blob, Dataset, File, Lineage, MLModel, Project, Version


class ResourceAdmin(ReadOnlyAdmin):
    list_display = ["path", "name", "state", "classification", "owner", "created_at"]
    list_filter = ["state", "classification"]
    search_fields = ("path", "name", "description")


@admin.register(Project, site=site)
class ProjectAdmin(ResourceAdmin):
    def rows(self, user: Any) -> QuerySet[Project]:
        return queries.projects(user)


@admin.register(Asset, site=site)
class AssetAdmin(ResourceAdmin):
    list_filter = ["kind", "state", "classification"]

    def rows(self, user: Any) -> QuerySet[Asset]:
        return queries.assets(user)


@admin.register(Dataset, site=site)
class DatasetAdmin(ResourceAdmin):
    def rows(self, user: Any) -> QuerySet[Dataset]:
        return queries.datasets(user)


@admin.register(MLModel, site=site)
class ModelAdmin(ResourceAdmin):
    def rows(self, user: Any) -> QuerySet[MLModel]:
        return queries.models(user)


@admin.register(Version, site=site)
class VersionAdmin(ResourceAdmin):
    list_display = ["path", "revision", "state", "owner", "created_at"]

    def rows(self, user: Any) -> QuerySet[Version]:
        return queries.versions(user)


@admin.register(File, site=site)
class FileAdmin(ReadOnlyAdmin):
    list_display = ["path", "version", "size", "sha256", "uri"]
    search_fields = ("path", "sha256", "version__path")
    list_filter = ["created_at"]

    def rows(self, user: Any) -> QuerySet[File]:
        return queries.files(user)


@admin.register(Blob, site=site)
class BlobAdmin(ReadOnlyAdmin):
    list_display = ["sha256", "size", "first_stored", "created_at"]
    search_fields = ("sha256",)
    list_filter = ["created_at"]

    def rows(self, user: Any) -> QuerySet[Blob]:
        return queries.blobs(user)


@admin.register(Lineage, site=site)
class LineageAdmin(ReadOnlyAdmin):
    list_display = ["child", "relation", "parent", "created_at"]
    list_filter = ["relation"]
    search_fields = ("child__path", "parent__path")

    def rows(self, user: Any) -> QuerySet[Lineage]:
        return queries.edges(user)
