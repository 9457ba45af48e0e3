"""The pages of the trail."""

from django.urls import path

from audit import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/keys/", views.keys, name="trail_keys"),
    path("trail/<uuid:uid>/", views.event, name="event"),
    path("trail/<uuid:uid>/proof/", views.proof, name="event_proof"),
]
