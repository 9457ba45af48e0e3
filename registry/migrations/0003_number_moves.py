"""Makes room for `number` on the resource itself: a decision asks which versions a grant reaches."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_gate")]
    run_before = [("accounts", "0004_decision")]
    operations = [migrations.RenameField("version", "number", "old_number")]
