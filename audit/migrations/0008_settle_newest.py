"""The check at the commit finds its act by the newest events, also in a month that is young."""

from django.db import migrations

# Without sorting only the index in this order is left, whatever the planner thought when it saw an
# empty month. Nobody's transaction lasts a day, so the months to come need no look.
SETTLE = """
create or replace function gate_settle() returns trigger language plpgsql
  set enable_sort = off as $$ begin
  perform from audit_event
   where "timestamp" >= transaction_timestamp()
     and "timestamp" < transaction_timestamp() + interval '1 day'
     and xact = pg_current_xact_id() and kind = 'act' and outcome = 'ok'
   order by "timestamp" desc, id desc limit 1;
  if not found then
    raise exception 'write to % in an act that left no event', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_erasure_plans")]
    operations = [migrations.RunSQL(SETTLE, migrations.RunSQL.noop)]
