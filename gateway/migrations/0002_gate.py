"""The gate's triggers on what admins write down for gateways."""

from django.db import migrations

from audit.gate import Gate


class Migration(migrations.Migration):
    dependencies = [("gateway", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        Gate("gateway_route"),
        Gate("gateway_alias"),
        Gate("gateway_condition"),
        Gate("gateway_fact"),
    ]
