"""Addresses that answer people who hold nothing: a new one is put here on purpose or refuses."""

# To anybody: signing in, and whether the site is alive.
PUBLIC = {
    "livez",
    "readyz",
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "api-token",
    "theme",
}
# To whoever is signed in: what is theirs, which for Charlie is next to nothing.
SELF_SERVICE = {
    "account_change_password",
    "api-dataset-list",
    "api-grant-list",
    "api-group-list",
    "api-key-list",
    "api-model-list",
    "api-project-list",
    "api-request-list",
    "api-role-detail",
    "api-role-list",
    "api-schema",
    "api-service-list",
    "api-user-list",
    "api-version-list",
    "api-whoami",
    "api_docs",
    "api_try",
    "catalogue",
    "grants",
    "groups",
    "home",
    "inbox",
    "key_new",
    "keys",
    "people",
    "request_new",
    "requests",
    "role",
    "roles",
    "services",
    "settings",
}
# What anybody signed in may do: with what is theirs, or by asking.
OWN_DOING = {"account_change_password", "key_new", "request_new", "settings"}
