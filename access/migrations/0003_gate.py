"""The gate's triggers on requests."""

from django.db import migrations

from audit.gate import Gate


class Migration(migrations.Migration):
    dependencies = [("access", "0002_initial"), ("audit", "0001_initial")]
    operations = [Gate("access_accessrequest"), Gate("access_approvalstep")]
