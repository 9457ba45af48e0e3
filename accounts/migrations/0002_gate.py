"""The gate's triggers on people, the tree, grants and keys."""

from django.db import migrations

from audit.gate import Gate


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        Gate("auth_group"),
        Gate("auth_group_permissions"),
        Gate("accounts_user", ("password",)),
        Gate("accounts_serviceaccount"),
        Gate("accounts_membership"),
        Gate("accounts_resource"),
        Gate("accounts_stateperiod"),
        Gate("accounts_userpermission"),
        Gate("accounts_grouppermission"),
        Gate("accounts_role"),
        Gate("accounts_rolepermission"),
        Gate("accounts_grantable"),
        Gate("accounts_grant"),
        Gate("accounts_apikey"),
        Gate("accounts_apikeysecret", ("digest",)),
    ]
