"""Addresses of the registry under /api/v1/."""

from rest_framework.routers import SimpleRouter

from registry.api.assets import DatasetDoor, ModelDoor
from registry.api.projects import ProjectDoor
from registry.api.versions import VersionDoor

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("projects", ProjectDoor, "api-project")
router.register("datasets", DatasetDoor, "api-dataset")
router.register("models", ModelDoor, "api-model")
router.register("versions", VersionDoor, "api-version")

urlpatterns = router.urls
