"""Every address of the site."""

from django.urls import include, path

from audit.doors.admin import site
from governance import views

urlpatterns = [
    path("admin/", site.urls),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("account/", include("accounts.urls")),
]
