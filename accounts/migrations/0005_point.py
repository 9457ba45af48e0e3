"""The decision point: what changed is said by name; what it remembers; answers as lists."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_deciding'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='userpermission', name='user_row_subject'),
        migrations.RemoveIndex(model_name='grouppermission', name='group_row_subject'),
        migrations.AddIndex(
            model_name='userpermission',
            index=models.Index(fields=['user', 'permission', 'content_object'], include=('grant', 'starts_at', 'expires_at'), name='user_row_subject'),
        ),
        migrations.AddIndex(
            model_name='grouppermission',
            index=models.Index(fields=['group', 'permission', 'content_object'], include=('grant', 'starts_at', 'expires_at'), name='group_row_subject'),
        ),
        migrations.RunSQL((SQL / "0005_touched.sql").read_text()),
        migrations.RunSQL((SQL / "0005_entries.sql").read_text()),
    ]
