"""Holds and erasures; the function that lets go of a month that was archived and signed for."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from audit.gate import Gate

# What an open hold covers beside its path: whatever lies under it now or was ever recorded there,
# under whichever address its other events stand. It was moved in, or moved out.
HOLDS = """
create function audit_holds() returns table (id uuid, path text, resources bigint[])
  language plpgsql stable set search_path = public, pg_temp as $$ begin
  return query select h.id, h.path, case when h.path = '/' then '{}' else array(
      select r.id::bigint from accounts_resource r where starts_with(r.path, h.path)
       union select e.resource_id from audit_event e
        where e.resource_id is not null and starts_with(e.resource_path, h.path)) end
    from audit_hold h where h.lifted_at is null;
end $$;
"""
# The last word on retention: whatever the application asks for, a year stays.
RETIRE = """
create function audit_retire(name text) returns void
  language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '10s' as $$
declare
  record audit_retirement;
  fits boolean;
begin
  if coalesce(current_setting('gate.act', true), '') = '' then
    raise exception 'a month is retired in an act' using errcode = 'insufficient_privilege';
  end if;
  select * into record from audit_retirement r where r.partition = name;
  if not found or name <> 'audit_event_' || to_char(record.first_day, 'YYYY_MM')
      or record.end_day <> record.first_day + interval '1 month'
      or not exists (select from pg_inherits where inhrelid = to_regclass(name)
                                               and inhparent = 'audit_event'::regclass) then
    raise exception '% has no record of its retirement', name
      using errcode = 'insufficient_privilege';
  end if;
  if record.end_day > date_trunc('month', now()) - interval '12 months' then
    raise exception '%: the trail is kept for 12 months at least', name
      using errcode = 'insufficient_privilege';
  end if;
  lock table audit_hold in share mode;
  if exists (select from audit_holds() h where h.path = '/' or exists (
      select from audit_event e where e."timestamp" >= record.first_day
         and e."timestamp" < record.end_day
         and (starts_with(e.resource_path, h.path) or e.resource_id = any(h.resources)))) then
    raise exception '%: a hold is open', name using errcode = 'insufficient_privilege';
  end if;
  execute format('select count(*) = $1 from %I', name) into fits using record.events;
  if not fits then
    raise exception '% holds other events than were archived', name
      using errcode = 'insufficient_privilege';
  end if;
  execute format('alter table audit_event detach partition %I', name);
  execute format('drop table %I', name);
end $$;
revoke all on function audit_retire(text) from public;
grant execute on function audit_retire(text) to gatehouse_app;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_seal'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reason', models.TextField()),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('done_at', models.DateTimeField(editable=False, null=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('done_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-asked_at'],
                'default_permissions': (),
                'base_manager_name': 'objects',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None)), models.Q(('done_at__isnull', False), ('done_by__isnull', False), models.Q(('done_by', models.F('asked_by')), _negated=True)), _connector='OR'), name='an_erasure_is_done_by_somebody_else')],
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('path', models.TextField(default='/')),
                ('reason', models.TextField()),
                ('placed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('lifted_at', models.DateTimeField(editable=False, null=True)),
                ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('placed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-placed_at'],
                'default_permissions': (),
                'base_manager_name': 'objects',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('lifted_at', None), ('lifted_by', None)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False), models.Q(('lifted_by', models.F('placed_by')), _negated=True)), _connector='OR'), name='a_hold_is_lifted_by_somebody_else')],
            },
        ),
        Gate("audit_erasure"),
        Gate("audit_hold"),
        migrations.RunSQL(HOLDS),
        migrations.RunSQL(RETIRE),
    ]
