"""The decision point: what changed is said by name; what it remembers; answers as lists."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_deciding'),
    ]

    operations = [
        migrations.AddField(model_name='userpermission', name='deep', field=models.BooleanField(default=False)),
        migrations.AddField(model_name='grouppermission', name='deep', field=models.BooleanField(default=False)),
        migrations.RemoveIndex(model_name='userpermission', name='user_row_subject'),
        migrations.RemoveIndex(model_name='userpermission', name='user_row_object'),
        migrations.RemoveIndex(model_name='grouppermission', name='group_row_subject'),
        migrations.RemoveIndex(model_name='grouppermission', name='group_row_object'),
        migrations.AddIndex(
            model_name='userpermission',
            index=models.Index(fields=['user', 'permission', 'content_object'], include=('grant', 'starts_at', 'expires_at'), name='user_row_subject'),
        ),
        migrations.AddIndex(
            model_name='userpermission',
            index=models.Index(fields=['content_object', 'permission', 'user'], include=('starts_at', 'expires_at'), name='user_row_object'),
        ),
        migrations.AddIndex(
            model_name='userpermission',
            index=models.Index(condition=models.Q(('deep', True)), fields=['user', 'permission'], name='user_row_deep'),
        ),
        migrations.AddIndex(
            model_name='grouppermission',
            index=models.Index(fields=['group', 'permission', 'content_object'], include=('grant', 'starts_at', 'expires_at'), name='group_row_subject'),
        ),
        migrations.AddIndex(
            model_name='grouppermission',
            index=models.Index(fields=['content_object', 'permission', 'group'], include=('starts_at', 'expires_at'), name='group_row_object'),
        ),
        migrations.AddIndex(
            model_name='grouppermission',
            index=models.Index(condition=models.Q(('deep', True)), fields=['group', 'permission'], name='group_row_deep'),
        ),
        migrations.AddIndex(model_name='resource', index=models.Index(fields=['parent', 'id'], name='resource_children')),
        migrations.AddIndex(model_name='resource', index=models.Index(fields=['kind', 'id'], name='resource_kinds')),
        migrations.RunSQL((SQL / "0005_touched.sql").read_text()),
        migrations.RunSQL((SQL / "0005_entries.sql").read_text()),
        migrations.RunSQL((SQL / "0005_answers.sql").read_text()),
        # Rows that are there already.
        migrations.RunSQL("update accounts_userpermission set content_object_id = content_object_id"),
        migrations.RunSQL("update accounts_grouppermission set content_object_id = content_object_id"),
    ]
