"""The proof of the trail: leaves, tiles, checkpoints, anchors; what redaction may erase."""

from django.db import migrations

# Which transaction wrote an event: by it the deferred check finds the act of a governed write.
# The default is set afterwards, so that no old row is rewritten.
XACT = """
alter table audit_event add column xact xid8;
alter table audit_event alter column xact set default pg_current_xact_id();
"""

# A leaf holds what its event's hash is made of beside the event's own columns: two salts, two
# commitments to the columns that may be erased, and the name of the object's type at that time.
TABLES = """
create table audit_leaf (
  seq bigint primary key check (seq >= 0),
  event_id bigint not null unique,
  at timestamptz not null,
  uid uuid not null,
  type text not null,
  who_salt bytea,
  who bytea not null check (length(who) = 32),
  what_salt bytea,
  what bytea not null check (length(what) = 32),
  hash bytea not null check (length(hash) = 32),
  who_gone uuid,
  what_gone uuid,
  check ((who_salt is null) = (who_gone is not null)),
  check ((what_salt is null) = (what_gone is not null))
);
create index audit_leaf_uid on audit_leaf (uid);
create table audit_tile (
  level smallint not null check (level >= 0),
  place bigint not null check (place >= 0),
  hashes bytea not null check (length(hashes) = 8192),
  root bytea not null check (length(root) = 32),
  primary key (level, place)
);
create table audit_checkpoint (
  id bigint generated always as identity primary key,
  size bigint not null check (size >= 0),
  frontier bytea not null,
  floor bigint not null,
  horizon bigint not null,
  newest bigint not null,
  note text not null,
  at timestamptz not null
);
create index audit_checkpoint_size on audit_checkpoint (size);
create table audit_anchor (
  id bigint generated always as identity primary key,
  checkpoint_id bigint not null references audit_checkpoint,
  target text not null,
  at timestamptz not null default now()
);
create index audit_anchor_newest on audit_anchor (target, id desc);
create table audit_retirement (
  partition text primary key,
  first_day date not null,
  end_day date not null,
  events bigint not null,
  sha256 text not null,
  archive text not null,
  note text not null,
  at timestamptz not null default now()
);
"""

# Statement triggers refuse whoever comes, whatever the rights; on the two tables that redaction
# touches they let an UPDATE through to a row trigger, which lets nothing but erasure pass.
KEEP = """
create or replace function trail_keep() returns trigger language plpgsql as $$ begin
  if tg_op = 'UPDATE' and coalesce(current_setting('gate.redaction', true), '') <> ''
      and tg_argv[0] is not distinct from 'erasable' then
    return null;
  end if;
  raise exception '% on % refused: the trail is append-only', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create function trail_erase_event() returns trigger language plpgsql as $$
declare
  part text[] := '{actor_repr,on_behalf_of,remote_addr,agent,object_repr,message,changes,data,words}';
begin
  if to_jsonb(old) - part is distinct from to_jsonb(new) - part
      or new.actor_repr not in ('', old.actor_repr)
      or new.on_behalf_of not in ('', old.on_behalf_of)
      or new.agent not in ('', old.agent)
      or new.object_repr not in ('', old.object_repr)
      or new.message not in ('', old.message)
      or coalesce(new.remote_addr is distinct from old.remote_addr, false)
        and new.remote_addr is not null
      or new.changes is distinct from old.changes and new.changes is not null
      or new.data is distinct from old.data and new.data <> '{}' then
    raise exception 'UPDATE on % refused: the trail is append-only', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;

create function trail_erase_leaf() returns trigger language plpgsql as $$
declare
  part text[] := '{who_salt,who_gone,what_salt,what_gone}';
begin
  if to_jsonb(old) - part is distinct from to_jsonb(new) - part
      or new.who_salt is distinct from old.who_salt and new.who_salt is not null
      or new.what_salt is distinct from old.what_salt and new.what_salt is not null
      or old.who_gone is not null and new.who_gone is distinct from old.who_gone
      or old.what_gone is not null and new.what_gone is distinct from old.what_gone then
    raise exception 'UPDATE on % refused: the trail is append-only', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['audit_leaf', 'audit_tile', 'audit_checkpoint', 'audit_anchor',
                              'audit_retirement'] loop
    execute format('create trigger keep before update or delete or truncate on %I
      for each statement execute function trail_keep(%L)', name,
      case when name = 'audit_leaf' then 'erasable' else '' end);
    execute format('alter table %I enable always trigger keep', name);
    execute format('revoke update, delete, truncate on %I from gatehouse_app', name);
  end loop;
  for name in select inhrelid::regclass::text from pg_inherits
               where inhparent = 'audit_event'::regclass
              union all select 'audit_event' loop
    execute format('drop trigger keep on %s', name);
    execute format($sql$create trigger keep before update or delete or truncate on %s
      for each statement execute function trail_keep('erasable')$sql$, name);
    execute format('alter table %s enable always trigger keep', name);
  end loop;
end $$;
create trigger erase before update on audit_event
  for each row execute function trail_erase_event();
alter table audit_event enable always trigger erase;
create trigger erase before update on audit_leaf
  for each row execute function trail_erase_leaf();
alter table audit_leaf enable always trigger erase;

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

# Whoever names an act has to have written its event when the transaction commits: by then the
# name is gone, so the event is found by its transaction. By index, newest first, whatever the
# planner thought when the month was young and the plan was made.
SETTLE = """
create function gate_settle() returns trigger language plpgsql
  set enable_seqscan = off set enable_bitmapscan = off as $$ begin
  if not exists (select from audit_event
                  where "timestamp" >= transaction_timestamp() and xact = pg_current_xact_id()
                    and kind = 'act' and outcome = 'ok') then
    raise exception 'write to % in an act that left no event', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
do $$
declare
  name text;
begin
  for name in select tgrelid::regclass::text from pg_trigger where tgname = 'out_of_band' loop
    execute format($sql$create constraint trigger settle after insert or update or delete on %s
      deferrable initially deferred
      for each row when (coalesce(current_setting('gate.act', true), '') <> '')
      execute function gate_settle()$sql$, name);
  end loop;
end $$;
"""

# Erases inside an open act only, and writes that act's id where the salts were: an erasure
# without a sealed act that names it is found by whoever verifies.
REDACT = """
create function trail_redact(by_act uuid, who_seqs bigint[], what_seqs bigint[]) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  erased integer := 0;
  step integer;
begin
  if current_setting('gate.act', true) is distinct from by_act::text then
    raise exception 'redaction outside its act' using errcode = 'insufficient_privilege';
  end if;
  perform set_config('gate.redaction', by_act::text, true);
  update audit_event e set actor_repr = '', on_behalf_of = '', remote_addr = null, agent = ''
    from audit_leaf l where l.seq = any(who_seqs) and l.who_gone is null
     and (e.id, e."timestamp") = (l.event_id, l.at);
  update audit_event e set object_repr = '', message = '', changes = null, data = '{}'
    from audit_leaf l where l.seq = any(what_seqs) and l.what_gone is null
     and (e.id, e."timestamp") = (l.event_id, l.at);
  update audit_leaf set who_salt = null, who_gone = by_act where seq = any(who_seqs) and who_gone is null;
  get diagnostics step = row_count;
  erased := erased + step;
  update audit_leaf set what_salt = null, what_gone = by_act
   where seq = any(what_seqs) and what_gone is null;
  get diagnostics step = row_count;
  perform set_config('gate.redaction', '', true);
  return erased + step;
end $$;
revoke all on function trail_redact(uuid, bigint[], bigint[]) from public;
grant execute on function trail_redact(uuid, bigint[], bigint[]) to gatehouse_app;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(XACT),
        migrations.RunSQL(TABLES),
        migrations.RunSQL(KEEP),
        migrations.RunSQL(SETTLE),
        migrations.RunSQL(REDACT),
    ]
