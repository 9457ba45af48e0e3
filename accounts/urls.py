"""Pages of people, access and keys; and signing in: allauth's views that this site offers."""

from allauth.account import views as account
from django.urls import include, path, re_path

from accounts.views import (
    agreements,
    changes,
    explain,
    grants,
    groups,
    keys,
    people,
    roles,
    services,
    settings,
)

signing_in = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("signup/", account.signup, name="account_signup"),  # closed, and says so
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns = [
    path("account/", include(signing_in)),
    path("grants/", grants.grant_list, name="grants"),
    path("grants/new/", grants.grant_new, name="grant_new"),
    path("grants/<uuid:pk>/", grants.grant_page, name="grant"),
    *(
        path(f"grants/<uuid:pk>/{verb}/", changes.change, {"verb": verb}, name=f"grant_{verb}")
        for verb in changes.CHANGES
    ),
    path("roles/", roles.role_list, name="roles"),
    path("roles/new/", roles.role_new, name="role_new"),
    path("roles/<slug:slug>/", roles.role_page, name="role"),
    path("roles/<slug:slug>/retire/", roles.role_retire, name="role_retire"),
    path("agreements/", agreements.agreement_list, name="agreements"),
    path("agreements/new/", agreements.agreement_new, name="agreement_new"),
    path("agreements/<slug:slug>/", agreements.agreement_page, name="agreement"),
    path("signatures/<uuid:pk>/withdraw/", agreements.withdraw, name="signature_withdraw"),
    path("explain/", explain.explain, name="explain"),
    path("explain/who/", explain.who_can, name="who_can"),
    path("explain/what/", explain.what_can, name="what_can"),
    path("people/", people.person_list, name="people"),
    path("people/invite/", people.person_invite, name="person_invite"),
    path("people/<uuid:pk>/", people.person_page, name="person"),
    path("groups/", groups.group_list, name="groups"),
    path("groups/<int:pk>/", groups.group_page, name="group"),
    path("services/", services.service_list, name="services"),
    path("services/new/", services.service_new, name="service_new"),
    path("services/<uuid:pk>/", services.service_page, name="service"),
    path("keys/", keys.key_list, name="keys"),
    path("keys/new/", keys.key_new, name="key_new"),
    path("keys/<uuid:pk>/revoke/", keys.key_revoke, name="key_revoke"),
    path("settings/", settings.settings_page, name="settings"),
]
