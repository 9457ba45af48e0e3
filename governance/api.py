"""The root of REST: every app's addresses under /api/v1/, its schema, its reference."""

from __future__ import annotations

from http import HTTPStatus

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path, re_path
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from audit.context import origin
from audit.doors.rest import PROBLEM
from governance import reference


def problem(status: int, detail: str) -> HttpResponse:
    """For what never reaches a view of REST."""
    answer = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": str(origin().request_id),
    }
    return JsonResponse(answer, status=status, content_type=PROBLEM)


@csrf_exempt  # it changes nothing: whatever was sent here, the answer is that nothing is here
@login_not_required
def nowhere(request: HttpRequest) -> HttpResponse:
    return problem(404, "There is no such address: /api/docs/ lists all, without a / at the end.")


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw: no details, but the id under which the log has them."""
    if request.path.startswith("/api/"):
        return problem(500, "Something broke here. Nothing was changed; quote the request id.")
    return defaults.server_error(request)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    context = {"title": "REST API", "sections": reference.sections()}
    return render(request, "api/docs.html", context)


# Swagger UI draws its icons from data: addresses; on this page only.
swagger = SpectacularSwaggerSplitView.as_view(url_name="api-schema")
try_it = login_required(csp_update({"img-src": [SELF, "data:"]})(swagger))

urlpatterns = [
    path("docs/", docs, name="api_docs"),
    path("docs/try/", try_it, name="api_try"),
    path("v1/schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("v1/", include("accounts.api.urls")),
    path("v1/", include("access.api.urls")),
    path("v1/", include("registry.api.urls")),
    path("v1/", include("gateway.api.urls")),
    path("v1/", include("audit.api.urls")),
    re_path("", nowhere),
]
