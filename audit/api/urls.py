"""Addresses of the trail under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from audit.api.erasures import ErasureDoor
from audit.api.exports import ExportDoor, SearchDoor
from audit.api.holds import HoldDoor
from audit.api.sinks import Metrics
from audit.api.trail import TrailDoor

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("trail/exports", ExportDoor, "api-export")
router.register("trail/searches", SearchDoor, "api-search")
router.register("trail/erasures", ErasureDoor, "api-erasure")
router.register("trail/holds", HoldDoor, "api-hold")
router.register("trail", TrailDoor, "api-event")

urlpatterns = [path("trail/metrics", Metrics.as_view(), name="api-trail-metrics"), *router.urls]
