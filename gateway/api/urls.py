"""Addresses of gateway under /api/v1/."""

from rest_framework.routers import SimpleRouter

from gateway.api import tables

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("gateway/routes", tables.RouteDoor, "api-gateway-route")
router.register("gateway/aliases", tables.AliasDoor, "api-gateway-alias")
router.register("gateway/conditions", tables.ConditionDoor, "api-gateway-condition")
router.register("gateway/properties", tables.FactDoor, "api-gateway-property")
router.register("gateway/answers", tables.CountDoor, "api-gateway-answer")

urlpatterns = router.urls
