"""What admins write for gateways is said to whoever remembers answers."""

from django.db import migrations

WATCH = """
select accounts_watch('gateway_alias', $$select '*' from changed limit 1$$);
select accounts_watch('gateway_condition', $$select '*' from changed limit 1$$);
"""


class Migration(migrations.Migration):
    dependencies = [("gateway", "0002_gate"), ("accounts", "0004_decision")]
    operations = [migrations.RunSQL(WATCH)]
