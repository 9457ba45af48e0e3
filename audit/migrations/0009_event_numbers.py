"""The application says what happened; number, uid, time and transaction are the database's to say."""

from django.db import migrations

# Whoever chooses a number can hide behind it or put all later ones beneath it; whoever chooses a
# time can date back; whoever chooses a transaction can lend an act to another's write. A partition
# is written through its parent only, which asks nobody for rights on it.
RIGHTS = """
do $$
declare
  name text;
begin
  for name in select inhrelid::regclass::text from pg_inherits
               where inhparent = 'audit_event'::regclass
              union all select 'audit_event' loop
    execute format('revoke insert on %s from gatehouse_app', name);
  end loop;
  execute (select format('grant insert (%s) on audit_event to gatehouse_app',
                         string_agg(quote_ident(attname), ', '))
             from pg_attribute
            where attrelid = 'audit_event'::regclass and attnum > 0 and not attisdropped
              and attgenerated = '' and attname not in ('id', 'uid', 'timestamp', 'xact'));
end $$;

create or replace function audit_partitions(months integer) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first date; name text; made integer := 0;
begin
  for step in 0..least(months, 36) loop
    first := (date_trunc('month', now()) + make_interval(months => step))::date;
    name := 'audit_event_' || to_char(first, 'YYYY_MM');
    continue when to_regclass(name) is not null;
    execute format('create table %I partition of audit_event for values from (%L) to (%L)',
      name, first, first + interval '1 month');
    execute format('revoke insert, update, delete, truncate on %I from gatehouse_app', name);
    execute format($sql$create trigger keep before update or delete or truncate on %I
      for each statement execute function trail_keep('erasable')$sql$, name);
    execute format('alter table %I enable always trigger keep', name);
    made := made + 1;
  end loop;
  return made;
end $$;
"""
BACK = "grant insert on audit_event to gatehouse_app;"


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_settle_newest")]
    operations = [migrations.RunSQL(RIGHTS, BACK)]
