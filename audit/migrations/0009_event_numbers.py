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
"""
BACK = "grant insert on audit_event to gatehouse_app;"


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_settle_newest")]
    operations = [migrations.RunSQL(RIGHTS, BACK)]
