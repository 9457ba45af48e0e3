"""Addresses of asking and deciding."""

from django.urls import path

from access.views import inbox, requests

urlpatterns = [
    path("requests/", requests.listing, name="requests"),
    path("requests/new/", requests.new, name="request_new"),
    path("requests/<uuid:pk>/", inbox.page, name="request"),
    path("requests/<uuid:pk>/decide/", inbox.decide, name="request_decide"),
    path("requests/<uuid:pk>/cancel/", requests.cancel, name="request_cancel"),
    path("inbox/", inbox.listing, name="inbox"),
]
