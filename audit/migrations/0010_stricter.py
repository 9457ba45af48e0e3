"""A gate closed under way refuses; retirement signs for erasures; holds are found by index."""

from django.db import migrations

# The statement's trigger looked before the statement ran, and the statement may have let go of the
# act since: what the application's role wrote then is refused, not recorded as somebody else's.
RECORD = """
create or replace function gate_record() returns trigger language plpgsql as $$
declare
  before jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  after jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  secrets text[] := array(select unnest(tg_argv));
  owner oid := (select relowner from pg_class where oid = tg_relid);
  diff jsonb;
begin
  if not pg_has_role(session_user, owner, 'member') then
    raise exception 'write to % outside an act', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  select coalesce(jsonb_object_agg(name, case when name = any(secrets)
           then '["(secret)", "(secret)"]'::jsonb
           else jsonb_build_array(before -> name, after -> name) end), '{}')
    into diff
    from jsonb_object_keys(coalesce(after, before)) as name
   where (before -> name) is distinct from (after -> name);
  insert into audit_event (kind, event_class, verb, outcome, actor_repr, on_behalf_of, key,
    object_pk, object_repr, action, changes, resource_path, decision, purpose, door, agent,
    message, data)
  values ('out_of_band', 'management', 'db.out_of_band', 'ok', session_user, '', '',
    left(coalesce(after ->> 'id', before ->> 'id', ''), 64), tg_table_name,
    case tg_op when 'INSERT' then 0 when 'UPDATE' then 1 else 2 end,
    diff, '/', '[]', '', 'db', current_setting('application_name'), '',
    jsonb_build_object('table', tg_table_name, 'operation', tg_op));
  return null;
end $$;
"""
# Lines of an act and a digest: what explains a blank when its plan or act has left. Which leaves
# lost their events, and how many leaves there were.
SIGNED = """
alter table audit_retirement add column erasures text not null default '',
  add column leaves text not null default '', add column size bigint not null default 0;
"""
UNSIGNED = """
alter table audit_retirement drop column erasures, drop column leaves, drop column size;
"""
# Every event has the words of its path in the inverted index, so those under it are among the
# events that have all of them.
HOLDS = """
create or replace function audit_holds() returns table (id uuid, path text, resources bigint[])
  language plpgsql stable set search_path = public, pg_temp as $$ begin
  return query select h.id, h.path, case when h.path = '/' then '{}' else array(
      select r.id::bigint from accounts_resource r where starts_with(r.path, h.path)
       union select e.resource_id from audit_event e
        where e.words @@ plainto_tsquery('pg_catalog.simple', audit_plain(h.path))
          and e.resource_id is not null and starts_with(e.resource_path, h.path)) end
    from audit_hold h where h.lifted_at is null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0009_event_numbers")]
    operations = [
        migrations.RunSQL(RECORD, migrations.RunSQL.noop),
        migrations.RunSQL(SIGNED, UNSIGNED),
        migrations.RunSQL(HOLDS, migrations.RunSQL.noop),
    ]
