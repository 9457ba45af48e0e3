"""The gate's triggers on the registry."""

from django.db import migrations

from audit.gate import Gate


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        Gate("registry_project"),
        Gate("registry_asset"),
        Gate("registry_dataset"),
        Gate("registry_mlmodel"),
        Gate("registry_version"),
        Gate("registry_blob"),
        Gate("registry_file"),
        Gate("registry_lineage"),
    ]
