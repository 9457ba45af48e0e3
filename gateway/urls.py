"""Addresses of AuthZEN, and of the pages behind it. Forward-auth answers before any address."""

from django.urls import path

from gateway.views import authzen, pages, requests

urlpatterns = [
    path(".well-known/authzen-configuration", authzen.configuration, name="authzen"),
    path("access/v1/evaluation", authzen.evaluation, name="authzen_evaluation"),
    path("access/v1/evaluations", authzen.evaluations, name="authzen_evaluations"),
    path("access/v1/search/subject", authzen.search["subject"], name="authzen_subjects"),
    path("access/v1/search/resource", authzen.search["resource"], name="authzen_resources"),
    path("access/v1/search/action", authzen.search["action"], name="authzen_actions"),
    path("access/v1/requests", requests.Requests.as_view(), name="authzen_requests"),
    path("access/v1/requests/<uuid:pk>", requests.Task.as_view(), name="authzen_task"),
    path("access/v1/requests/<uuid:pk>/cancel", requests.Cancel.as_view(), name="authzen_cancel"),
    path("gateway/", pages.table, {"noun": "routes"}, name="gateways"),
    path("gateway/answers/", pages.answers, name="gateway_answers"),
]
for noun in pages.NOUNS:
    about = {"noun": noun}
    urlpatterns += [
        path(f"gateway/{noun}/", pages.table, about, name=f"gateway_{noun}"),
        path(f"gateway/{noun}/new/", pages.new, about, name=f"gateway_{noun}_new"),
        path(f"gateway/{noun}/<uuid:pk>/", pages.remove, about, name=f"gateway_{noun}_remove"),
    ]
