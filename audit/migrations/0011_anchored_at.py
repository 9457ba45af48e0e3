"""The application says which checkpoint was taken where; when, is the database's to say."""

from django.db import migrations

# Who chooses the time says that a target was reached in ten years, and nothing is due until then.
RIGHTS = """
revoke insert on audit_anchor from gatehouse_app;
grant insert (checkpoint_id, target) on audit_anchor to gatehouse_app;
"""
BACK = "grant insert on audit_anchor to gatehouse_app;"


class Migration(migrations.Migration):
    dependencies = [("audit", "0010_stricter")]
    operations = [migrations.RunSQL(RIGHTS, BACK)]
