"""An erasure is the plan that one person asked for and another approved: the database looks."""

from django.conf import settings
from django.db import migrations, models

# It trusts the application for neither: the plan and who made it stand in a sealed act of the
# trail, the one who approves writes the act of this transaction, and no part is under a hold.
REDACT = """
drop function trail_redact(uuid, bigint[], bigint[]);
create function trail_redact(which uuid, who_seqs bigint[], what_seqs bigint[]) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  by_act text := coalesce(current_setting('gate.act', true), '');
  asked audit_erasure;
  these text;
  erased integer := 0;
  step integer;
begin
  if by_act = '' then
    raise exception 'redaction outside its act' using errcode = 'insufficient_privilege';
  end if;
  select * into asked from audit_erasure e where e.id = which for update;
  if not found or asked.done_by_id is null
      or asked.done_by_id in (asked.asked_by_id, asked.subject_id) then
    raise exception 'redaction takes two people, and neither is the one it is about'
      using errcode = 'insufficient_privilege';
  end if;
  select encode(sha256(convert_to(coalesce(string_agg(
           seq || ' ' || part || E'\\n', '' order by seq, part = 'what'), ''), 'UTF8')), 'hex')
    into these
    from (select unnest(who_seqs) as seq, 'who' as part
          union all select unnest(what_seqs), 'what') as parts;
  if these is distinct from asked.plan ->> 'digest' or these is distinct from (
      select e.data ->> 'digest'
        from audit_event e join audit_leaf l on (l.event_id, l.at) = (e.id, e."timestamp")
       where e.verb = 'trail.plan_erasure' and e.kind = 'act' and e.outcome = 'ok'
         and e.object_pk = which::text and e.actor_id = asked.asked_by_id
         and e.data ->> 'subject' = asked.subject_id::text
         and e.decision @> '[{"permission": "manage_people", "path": "/"}]'
       order by l.seq desc limit 1) then
    raise exception 'redaction of other parts than a sealed plan says'
      using errcode = 'insufficient_privilege';
  end if;
  lock table audit_hold in share mode;
  if exists (
      select from audit_leaf l join audit_event e on (e.id, e."timestamp") = (l.event_id, l.at)
        join audit_holds() h on h.path = '/' or starts_with(e.resource_path, h.path)
          or e.resource_id = any(h.resources)
       where l.seq = any(who_seqs || what_seqs)) then
    raise exception 'redaction of what a legal hold covers'
      using errcode = 'insufficient_privilege';
  end if;
  perform set_config('gate.redaction', by_act, true);
  update audit_event e set actor_repr = '', on_behalf_of = '', remote_addr = null, agent = ''
    from audit_leaf l where l.seq = any(who_seqs) and l.who_gone is null
     and (e.id, e."timestamp") = (l.event_id, l.at);
  update audit_event e set object_repr = '', message = '', changes = null, data = '{}'
    from audit_leaf l where l.seq = any(what_seqs) and l.what_gone is null
     and (e.id, e."timestamp") = (l.event_id, l.at);
  update audit_leaf set who_salt = null, who_gone = by_act::uuid
   where seq = any(who_seqs) and who_gone is null;
  get diagnostics step = row_count;
  erased := erased + step;
  update audit_leaf set what_salt = null, what_gone = by_act::uuid
   where seq = any(what_seqs) and what_gone is null;
  get diagnostics step = row_count;
  perform set_config('gate.redaction', '', true);
  return erased + step;
end $$;
revoke all on function trail_redact(uuid, bigint[], bigint[]) from public;
grant execute on function trail_redact(uuid, bigint[], bigint[]) to gatehouse_app;
"""
# Who stands in the row as the one who carried it out is who the trail says did, or nothing commits.
DONE = """
create function trail_erasure_done() returns trigger language plpgsql
  set enable_seqscan = off set enable_bitmapscan = off as $$ begin
  if not exists (select from audit_event
                  where "timestamp" >= transaction_timestamp() and xact = pg_current_xact_id()
                    and kind = 'act' and outcome = 'ok' and verb = 'trail.redact'
                    and object_pk = new.id::text and actor_id = new.done_by_id
                    and decision @> '[{"permission": "decide_request", "path": "/"}]') then
    raise exception 'an erasure is carried out by who the trail says'
      using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
create constraint trigger done after insert or update of done_by_id on audit_erasure
  deferrable initially deferred for each row when (new.done_by_id is not null)
  execute function trail_erasure_done();
"""
BACK = "drop trigger done on audit_erasure; drop function trail_erasure_done;"
# A hold is lifted once, by a second person and their act; nothing else about it ever changes.
LIFTED = """
create function trail_keep_hold() returns trigger language plpgsql as $$ begin
  if tg_op = 'UPDATE' then
    if old.lifted_at is null and new.lifted_by_id is not null
        and to_jsonb(old) - '{lifted_at,lifted_by_id}'::text[]
          = to_jsonb(new) - '{lifted_at,lifted_by_id}'::text[] then
      return new;
    end if;
  end if;
  raise exception '% on % refused: a hold is lifted, and stays', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;
create trigger keep before update or delete on audit_hold
  for each row execute function trail_keep_hold();
create trigger keep_all before truncate on audit_hold
  for each statement execute function trail_keep_hold();
alter table audit_hold enable always trigger keep;
alter table audit_hold enable always trigger keep_all;
create function trail_hold_lifted() returns trigger language plpgsql
  set enable_seqscan = off set enable_bitmapscan = off as $$ begin
  if new.lifted_by_id = new.placed_by_id or not exists (
      select from audit_event
       where "timestamp" >= transaction_timestamp() and xact = pg_current_xact_id()
         and kind = 'act' and outcome = 'ok' and verb = 'trail.lift_hold'
         and object_pk = new.id::text and actor_id = new.lifted_by_id
         and (decision @> '[{"permission": "decide_request", "path": "/"}]'
              or decision @> '[{"permission": "manage_policies", "path": "/"}]')) then
    raise exception 'a hold is lifted by who the trail says, not by who placed it'
      using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
create constraint trigger lifted after insert or update on audit_hold
  deferrable initially deferred for each row when (new.lifted_by_id is not null)
  execute function trail_hold_lifted();
alter table audit_hold enable always trigger lifted;
"""
STAYED = """
drop trigger lifted on audit_hold; drop trigger keep on audit_hold;
drop trigger keep_all on audit_hold; drop function trail_hold_lifted;
drop function trail_keep_hold;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_seal_pairs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="erasure",
            name="plan",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        *(
            migrations.AlterField(
                model_name=model,
                name=f"{done}_by",
                field=models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.PROTECT,
                    null=True,
                    blank=True,
                    related_name="+",
                ),
            )
            for model, done in (("erasure", "done"), ("hold", "lifted"))
        ),
        *(
            migrations.AlterField(
                model_name=model,
                name=f"{done}_at",
                field=models.DateTimeField(null=True, blank=True, editable=False),
            )
            for model, done in (("erasure", "done"), ("hold", "lifted"))
        ),
        migrations.RunSQL(REDACT, migrations.RunSQL.noop),
        migrations.RunSQL(DONE, BACK),
        migrations.RunSQL(LIFTED, STAYED),
    ]
