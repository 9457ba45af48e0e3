"""The pages of the trail."""

from django.urls import path

from audit import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/<uuid:uid>/", views.event, name="event"),
]
