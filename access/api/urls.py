"""Addresses of access under /api/v1/."""

from rest_framework.routers import SimpleRouter

from access.api.requests import RequestDoor

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("requests", RequestDoor, "api-request")

urlpatterns = router.urls
