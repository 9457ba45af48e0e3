"""The decision point: what changed is said by name; what it remembers; answers as lists."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
PREPARED = ("accounts_decide", "accounts_near_miss", "accounts_subject", "accounts_bundle",
            "accounts_who_can", "accounts_what_can")


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
            index=models.Index(fields=['content_object', 'permission', 'user'], include=('grant', 'starts_at', 'expires_at'), name='user_row_object'),
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
            index=models.Index(fields=['content_object', 'permission', 'group'], include=('grant', 'starts_at', 'expires_at'), name='group_row_object'),
        ),
        migrations.AddIndex(
            model_name='grouppermission',
            index=models.Index(condition=models.Q(('deep', True)), fields=['group', 'permission'], name='group_row_deep'),
        ),
        migrations.AddIndex(model_name='resource', index=models.Index(fields=['parent', 'id'], name='resource_children')),
        migrations.AddIndex(model_name='resource', index=models.Index(fields=['kind', 'id'], name='resource_kinds')),
        migrations.AddIndex(model_name='grant', index=models.Index(condition=models.Q(('closed_at', None)), fields=['resource', 'user'], name='grant_user')),
        migrations.AddIndex(model_name='grant', index=models.Index(condition=models.Q(('closed_at', None)), fields=['resource', 'group'], name='grant_group')),
        migrations.RunSQL((SQL / "0005_touched.sql").read_text()),
        migrations.RunSQL((SQL / "0005_entries.sql").read_text()),
        migrations.RunSQL("drop function accounts_near_miss"),
        migrations.RunSQL((SQL / "0005_decide.sql").read_text()),
        migrations.RunSQL((SQL / "0005_answers.sql").read_text()),
        # A plan a connection, not one a question: planning costs eight times the looking up.
        *(migrations.RunSQL(f"alter function {name} set plan_cache_mode = force_generic_plan")
          for name in PREPARED),
        # Rows that are there already.
        migrations.RunSQL("update accounts_userpermission set content_object_id = content_object_id"),
        migrations.RunSQL("update accounts_grouppermission set content_object_id = content_object_id"),
    ]
