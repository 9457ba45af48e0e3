"""Addresses of the trail under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from audit.api.exports import ExportDoor, SearchDoor
from audit.api.sinks import Metrics
from audit.api.trail import TrailDoor

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("trail/exports", ExportDoor, "api-export")
router.register("trail/searches", SearchDoor, "api-search")
router.register("trail", TrailDoor, "api-event")

urlpatterns = [path("trail/metrics", Metrics.as_view(), name="api-trail-metrics"), *router.urls]
