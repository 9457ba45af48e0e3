"""A leaf belongs to a number at a time, as the key of the trail does."""

from django.db import migrations

PAIRS = """
alter table audit_leaf drop constraint audit_leaf_event_id_key;
alter table audit_leaf add constraint audit_leaf_event_key unique (event_id, at);
"""
BACK = """
alter table audit_leaf drop constraint audit_leaf_event_key;
alter table audit_leaf add constraint audit_leaf_event_id_key unique (event_id);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_search")]
    operations = [migrations.RunSQL(PAIRS, BACK)]
