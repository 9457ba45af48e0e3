"""A grant on a range has rows on several versions; and the derived rows can be proved."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_deciding'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='grouppermission',
            name='group_row_once',
        ),
        migrations.RemoveConstraint(
            model_name='userpermission',
            name='user_row_once',
        ),
        migrations.AddConstraint(
            model_name='grouppermission',
            constraint=models.UniqueConstraint(fields=('grant', 'permission', 'content_object'), name='group_row_once'),
        ),
        migrations.AddConstraint(
            model_name='userpermission',
            constraint=models.UniqueConstraint(fields=('grant', 'permission', 'content_object'), name='user_row_once'),
        ),
        migrations.RunSQL((SQL / "0005_drift.sql").read_text()),
    ]
