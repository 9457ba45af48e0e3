"""Addresses of accounts under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.api import schema
from accounts.api.agreements import AgreementDoor, SignatureDoor
from accounts.api.decide import Decide, WhoAmI
from accounts.api.explain import Explain, WhatDoor, WhoDoor
from accounts.api.grants import GrantDoor
from accounts.api.groups import GroupDoor
from accounts.api.keys import KeyDoor
from accounts.api.metrics import DecisionMetrics
from accounts.api.roles import RoleDoor
from accounts.api.services import ServiceDoor
from accounts.api.token import Token
from accounts.api.users import UserDoor

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("agreements", AgreementDoor, "api-agreement")
router.register("grants", GrantDoor, "api-grant")
router.register("groups", GroupDoor, "api-group")
router.register("keys", KeyDoor, "api-key")
router.register("roles", RoleDoor, "api-role")
router.register("service-accounts", ServiceDoor, "api-service")
router.register("signatures", SignatureDoor, "api-signature")
router.register("users", UserDoor, "api-user")

schemes = (schema.KeyScheme, schema.SessionScheme)  # known to the schema once imported

urlpatterns = [
    path("decide", Decide.as_view(), name="api-decide"),
    path("decide/metrics", DecisionMetrics.as_view(), name="api-decide-metrics"),
    path("explain", Explain.as_view(), name="api-explain"),
    path("who-can", WhoDoor.as_view({"get": "list"}), name="api-who-can"),
    path("what-can", WhatDoor.as_view({"get": "list"}), name="api-what-can"),
    path("whoami", WhoAmI.as_view(), name="api-whoami"),
    path("oauth/token", Token.as_view(), name="api-token"),
    *router.urls,
]
