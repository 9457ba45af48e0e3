"""Every address of the site."""

from django.urls import include, path

from audit.doors.admin import site
from governance import home, views

urlpatterns = [
    path("admin/", site.urls),
    path("api/", include("governance.api")),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("", home.home, name="home"),
    path("theme/", views.theme, name="theme"),
    path("", include("gateway.urls")),
    path("", include("registry.urls")),
    path("", include("access.urls")),
    path("", include("accounts.urls")),
    path("", include("audit.urls")),
]

handler403 = "governance.views.permission_denied"
handler500 = "governance.api.server_error"
