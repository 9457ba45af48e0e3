"""Number and sources of a version stand on its resource."""

from django.db import migrations

COPY = """
update accounts_resource r set number = v.old_number,
  sources = array(select l.parent_id from registry_lineage l where l.child_id = r.id)
from registry_version v where v.resource_id = r.id
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_number_moves"), ("accounts", "0004_decision")]
    operations = [migrations.RunSQL(COPY), migrations.RemoveField("version", "old_number")]
