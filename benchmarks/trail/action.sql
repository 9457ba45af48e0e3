-- The SQL of one action with ten milliseconds of other work, for pgbench.
-- A chain stands where the work is (-- written) or where the act ends (-- ended).
\set number random(1, 1000000000)
begin;
select set_config('gate.act', gen_random_uuid()::text, true);
select * from accounts_user where username = 'bench0' || :client_id || '-00';
-- written
update accounts_user set name = 'Bench ' || :number
 where username = 'bench0' || :client_id || '-00';
\sleep 10 ms
-- ended
insert into audit_event (act, event_class, verb, outcome, actor_repr, on_behalf_of, key, object_pk,
  object_repr, resource_path, decision, purpose, door, agent, message, data, kind, action, changes)
select current_setting('gate.act')::uuid, 'management', 'bench.rename', 'ok', 'erin', '', '', '',
  'bench0' || :client_id, '/', '[]', '', 'system', '', '', '{}', kind, action, changes
  from (values ('change', 1, jsonb_build_object('name', :number)), ('act', 3, null))
    as each (kind, action, changes);
select set_config('gate.act', '', true);
commit;
