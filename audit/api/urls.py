"""Addresses of the trail under /api/v1/."""

from rest_framework.routers import SimpleRouter

from audit.api.trail import TrailDoor

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("trail", TrailDoor, "api-event")

urlpatterns = router.urls
