"""Standings, spells, agreements, ranges, suspensions; the decision as statements of the database."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from pathlib import Path
from django.conf import settings
from django.db import migrations, models

from audit.gate import Gate

SQL = Path(__file__).parent / "sql"
PREPARED = ("accounts_decide", "accounts_decide_each", "accounts_near_miss", "accounts_who_can",
            "accounts_what_can")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_seed'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Agreement',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('slug', models.CharField(max_length=50, unique=True, validators=[django.core.validators.RegexValidator('\\A[a-z0-9][a-z0-9-]*\\Z', 'Use lower-case letters, digits and hyphens.')])),
                ('kind', models.CharField(choices=[('data_use', 'data-use agreement'), ('ethics', 'ethics approval'), ('training', 'training')], max_length=8)),
                ('title', models.CharField(max_length=200)),
                ('text', models.TextField(blank=True)),
                ('days', models.PositiveIntegerField(default=365)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['slug'],
                'default_permissions': (),
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('evidence', models.CharField(blank=True, max_length=500)),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['-opened_at'],
                'default_permissions': (),
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='Spell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Standing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(null=True)),
                ('ancestors', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('blocked', models.CharField(blank=True, max_length=12)),
                ('hidden', models.BooleanField()),
                ('flagged', models.BooleanField()),
                ('classification', models.CharField(choices=[('public', 'public'), ('internal', 'internal'), ('confidential', 'confidential'), ('restricted', 'restricted')], max_length=12)),
                ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None)),
                ('barred', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None)),
                ('agreements', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), size=None)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('plain', models.GeneratedField(db_persist=True, expression=models.Q(('agreements', []), ('barred', []), ('blocked', '')), output_field=models.BooleanField())),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Suspension',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reason', models.TextField()),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['-opened_at'],
                'default_permissions': (),
                'base_manager_name': 'objects',
            },
        ),
        migrations.RemoveConstraint(
            model_name='grouppermission',
            name='group_row_once',
        ),
        migrations.RemoveConstraint(
            model_name='userpermission',
            name='user_row_once',
        ),
        migrations.RemoveIndex(
            model_name='grouppermission',
            name='group_row_subject',
        ),
        migrations.RemoveIndex(
            model_name='grouppermission',
            name='group_row_object',
        ),
        migrations.RemoveIndex(
            model_name='userpermission',
            name='user_row_subject',
        ),
        migrations.RemoveIndex(
            model_name='userpermission',
            name='user_row_object',
        ),
        migrations.AddField(
            model_name='grant',
            name='first_version',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='grant',
            name='last_version',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='grant',
            name='new_versions',
            field=models.CharField(blank=True, choices=[('inherit', 'reaches new versions too'), ('ask', 'new versions are asked for again'), ('block', 'new versions stay closed')], max_length=7),
        ),
        migrations.AddField(
            model_name='grant',
            name='replaces',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='accounts.grant'),
        ),
        migrations.AddField(
            model_name='grouppermission',
            name='kind',
            field=models.CharField(default='', max_length=12),
        ),
        migrations.AddField(
            model_name='resource',
            name='number',
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='resource',
            name='required_agreements',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), blank=True, default=list, size=None),
        ),
        migrations.AddField(
            model_name='resource',
            name='sources',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None),
        ),
        migrations.AddField(
            model_name='userpermission',
            name='kind',
            field=models.CharField(default='', max_length=12),
        ),
        migrations.AlterField(
            model_name='grouppermission',
            name='content_object',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='accounts.resource'),
        ),
        migrations.AlterField(
            model_name='grouppermission',
            name='grant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.grant'),
        ),
        migrations.AlterField(
            model_name='membership',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='userpermission',
            name='content_object',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='accounts.resource'),
        ),
        migrations.AlterField(
            model_name='userpermission',
            name='grant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.grant'),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(condition=models.Q(('closed_at', None), ('effect', 'deny')), fields=['resource'], name='grant_deny'),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(condition=models.Q(('closed_at', None)), fields=['user', 'effect', 'resource'], include=('id', 'role', 'purpose', 'starts_at', 'expires_at', 'opened_at', 'first_version', 'last_version'), name='grant_user'),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(condition=models.Q(('closed_at', None)), fields=['group', 'effect', 'resource'], include=('id', 'role', 'purpose', 'starts_at', 'expires_at', 'opened_at', 'first_version', 'last_version'), name='grant_group'),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(condition=models.Q(('closed_at', None), ('effect', 'allow'), ('group__isnull', False)), fields=['resource', 'group'], include=('role',), name='grant_shared'),
        ),
        migrations.AddIndex(
            model_name='grouppermission',
            index=models.Index(fields=['group', 'permission', 'content_object'], include=('grant', 'starts_at', 'expires_at', 'kind'), name='group_row_subject'),
        ),
        migrations.AddIndex(
            model_name='grouppermission',
            index=models.Index(fields=['content_object', 'permission', 'group'], include=('grant', 'starts_at', 'expires_at', 'kind'), name='group_row_object'),
        ),
        migrations.AddIndex(
            model_name='grouppermission',
            index=models.Index(condition=models.Q(('kind__in', ('root', 'project'))), fields=['group', 'permission'], include=('content_object', 'starts_at', 'expires_at', 'kind'), name='group_row_deep'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['user'], include=('group', 'opened_at', 'closed_at'), name='membership_user'),
        ),
        migrations.AddIndex(
            model_name='resource',
            index=django.contrib.postgres.indexes.GinIndex(fields=['sources'], name='resource_sources'),
        ),
        migrations.AddIndex(
            model_name='resource',
            index=models.Index(fields=['parent', 'id'], include=('kind',), name='resource_children'),
        ),
        migrations.AddIndex(
            model_name='resource',
            index=models.Index(fields=['kind', 'id'], name='resource_kinds'),
        ),
        migrations.AddIndex(
            model_name='userpermission',
            index=models.Index(fields=['user', 'permission', 'content_object'], include=('grant', 'starts_at', 'expires_at', 'kind'), name='user_row_subject'),
        ),
        migrations.AddIndex(
            model_name='userpermission',
            index=models.Index(fields=['content_object', 'permission', 'user'], include=('grant', 'starts_at', 'expires_at', 'kind'), name='user_row_object'),
        ),
        migrations.AddIndex(
            model_name='userpermission',
            index=models.Index(condition=models.Q(('kind__in', ('root', 'project'))), fields=['user', 'permission'], include=('content_object', 'starts_at', 'expires_at', 'kind'), name='user_row_deep'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('first_version', None), ('last_version', None), ('new_versions', '')), models.Q(('first_version__isnull', False), ('last_version', None), ('new_versions', 'inherit')), models.Q(('last_version__gte', models.F('first_version')), ('new_versions__in', ['ask', 'block'])), _connector='OR'), name='grant_range_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='grouppermission',
            constraint=models.UniqueConstraint(fields=('grant', 'permission', 'content_object'), name='group_row_once'),
        ),
        migrations.AddConstraint(
            model_name='userpermission',
            constraint=models.UniqueConstraint(fields=('grant', 'permission', 'content_object'), name='user_row_once'),
        ),
        migrations.AddField(
            model_name='signature',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='accounts.agreement'),
        ),
        migrations.AddField(
            model_name='signature',
            name='closed_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='signature',
            name='opened_by',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='signature',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spell',
            name='answerable',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spell',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spells', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='standing',
            name='resource',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='standings', to='accounts.resource'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='closed_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suspension',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suspensions', to='accounts.grant'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='opened_by',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('agreement', 'user'), name='signature_once'),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.CheckConstraint(condition=models.Q(('opened_by', models.F('user')), _negated=True), name='signature_by_somebody_else'),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False)), _connector='OR'), name='signature_closed_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='spell',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('user',), name='one_spell'),
        ),
        migrations.AddIndex(
            model_name='standing',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('closed_at', None)), fields=['ancestors'], name='standing_below'),
        ),
        migrations.AddIndex(
            model_name='standing',
            index=models.Index(fields=['resource', 'opened_at'], name='standing_history'),
        ),
        migrations.AddConstraint(
            model_name='standing',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('resource',), include=('hidden', 'plain'), name='one_standing'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('grant',), name='one_suspension'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False)), _connector='OR'), name='suspension_closed_by_somebody'),
        ),
        *(migrations.RunSQL((SQL / f"{name}.sql").read_text())
          for name in ("standings", "drift", "touched", "entries", "decide", "each", "visible", "lists")),
        # A plan a connection, not one a question: planning costs ten times the looking up. Without
        # knowing the question it would join bitmaps of all grants of a group: each walks an index.
        *(migrations.RunSQL(f"alter function {name} set {setting}") for name in PREPARED
          for setting in ("plan_cache_mode = force_generic_plan", "enable_bitmapscan = off")),
        Gate("accounts_agreement"),
        Gate("accounts_signature"),
        Gate("accounts_suspension"),
        Gate("accounts_standing"),
        Gate("accounts_spell"),
        # What is there already.
        migrations.RunSQL("select accounts_settle(array(select id from accounts_resource))"),
        migrations.RunSQL("select accounts_relive(id) from accounts_user"),
        migrations.RunSQL("update accounts_userpermission set content_object_id = content_object_id"),
        migrations.RunSQL("update accounts_grouppermission set content_object_id = content_object_id"),
    ]
