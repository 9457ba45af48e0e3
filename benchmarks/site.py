"""What the servers of the figures serve: the fast path over views that are measured against it."""

from __future__ import annotations

import os
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
django.setup()
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = []  # the floor is a view and nothing around it

from guardian.backends import ObjectPermissionBackend  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from accounts.authentication import KeyAuthentication  # noqa: E402
from accounts.decision import decide  # noqa: E402
from accounts.models import Resource, User  # noqa: E402
from governance.fastpath import ADDRESS  # noqa: E402
from governance.noting import fast  # noqa: E402


def floor(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"decision": True})


class Entity(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.CharField()


class Action(serializers.Serializer[Any]):
    name = serializers.CharField()


class Body(serializers.Serializer[Any]):
    subject, resource, action = Entity(), Entity(), Action()


class ByGuardian(APIView):
    """As one would write it with DRF and guardian: key, serializer, two look-ups, has_perm."""

    authentication_classes = [KeyAuthentication]

    def post(self, request: Request) -> Response:
        body = Body(data=request.data)
        body.is_valid(raise_exception=True)
        asked: Any = body.validated_data
        user = User.objects.get(username=asked["subject"]["id"])
        place = Resource.objects.get(path=f"/{asked['resource']['id']}/")
        name = f"accounts.{asked['action']['name']}"
        return Response({"decision": ObjectPermissionBackend().has_perm(user, name, place)})


class ByDecision(APIView):
    """The same with the product's decision: where a question goes that the fast path leaves."""

    authentication_classes = [KeyAuthentication]

    def post(self, request: Request) -> Response:
        asked: Any = request.data
        user = User.objects.get(username=asked["subject"]["id"])
        place = Resource.objects.get(path=f"/{asked['resource']['id']}/")
        found = decide(user, asked["action"]["name"], place)
        return Response({"decision": found.allowed, "context": {"reason": found.reason}})


urlpatterns = [
    path("floor", floor),
    path("guardian", ByGuardian.as_view()),
    path(ADDRESS.removeprefix("/"), ByDecision.as_view()),
]


handler: Any = WSGIHandler()
application = fast(handler)
