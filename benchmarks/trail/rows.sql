-- Rows {first} to {last} of {total}: two years, 2,000 actors and 200,000 objects by Zipf's law.
-- Every value follows from the number of its row, so that each run finds the same trail.
insert into audit_event (kind, event_class, act, verb, outcome, actor_repr, on_behalf_of, key,
  object_pk, object_repr, action, changes, resource_id, resource_path, decision, purpose,
  request_id, door, remote_addr, agent, message, data, "timestamp")
select
  case when change then 'change' else 'act' end,
  case when verb like 'session.%' or verb like 'key.%' then 'authentication'
       when verb like 'file.download' or verb like 'trail.%' then 'data_access'
       when verb like 'grant.%' or verb like 'access%' then 'authorization' else 'management' end,
  md5((i / 2)::text)::uuid,
  verb,
  case when change or mood > 0.025 then 'ok' when mood > 0.005 then 'denied' else 'failed' end,
  'user' || actor, '',
  case when door = 'rest' then 'k' || (actor * 7) else '' end,
  object::text,
  case when verb like 'grant.%' then 'user' || (object % 2000) || ' holds reader on ' else '' end
    || 'project' || (object % 500) || '/dataset-' || object,
  case when change then 1 else 3 end,
  case when change then jsonb_build_object(
    (array['state', 'name', 'expires_at', 'reason', 'role'])[1 + i % 5],
    jsonb_build_array('was ' || i % 97, 'is ' || i % 89),
    case when i % 9973 = 0 then 'classification' else 'description' end,
    jsonb_build_array('public', 'restricted')) end,
  object, '/project' || (object % 500) || '/dataset-' || object || '/',
  jsonb_build_array(jsonb_build_object('permission', 'read', 'path', '/', 'rule', 'allowed',
    'grant', md5(actor::text)::uuid, 'role', 'reader', 'purpose', '')),
  case when verb = 'file.download' then
    (array['research', 'model_training', 'validation', 'care', 'audit'])[1 + i % 5] else '' end,
  md5((i / 3)::text)::uuid,
  door,
  '10.0.0.0'::inet + (actor * 131 + i % 7),
  'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101',
  case when i % 4 = 0 then 'quarterly review of ticket ' || i
       when i % 4 = 1 then 'case ' || word || ' asked by ward ' || i % 211 else '' end,
  '{{}}',
  date_trunc('minute', now()) - make_interval(secs => 63072000.0 * ({total} - i) / {total})
from (
  select i, mood, i % 10 < 3 as change,
    floor(power(2000, u1))::int as actor, floor(power(200000, u2))::int as object,
    'w' || floor(power(5000, u3))::int as word,
    case when mood < 0.30 then 'file.download' when mood < 0.45 then 'trail.view'
         when mood < 0.55 then 'session.open' when mood < 0.65 then 'grant.open'
         when mood < 0.72 then 'access_request.submit' when mood < 0.79 then 'access_request.approve'
         when mood < 0.84 then 'grant.revoke' when mood < 0.90 then 'asset.edit'
         when mood < 0.95 then 'file.upload' when mood < 0.99995 then 'key.issue'
         else 'role.retire' end as verb,
    case when door < 0.6 then 'web' when door < 0.9 then 'rest' when door < 0.99 then 'task'
         when door < 0.9999 then 'cli' else 'admin' end as door
  from (
    select i, (hashint8extended(i, 1) & 2147483647) / 2147483648.0 as u1,
      (hashint8extended(i, 2) & 2147483647) / 2147483648.0 as u2,
      (hashint8extended(i, 3) & 2147483647) / 2147483648.0 as u3,
      (hashint8extended(i, 4) & 2147483647) / 2147483648.0 as mood,
      (hashint8extended(i, 5) & 2147483647) / 2147483648.0 as door
    from generate_series({first}::bigint, {last}::bigint) as i
  ) as dice
) as row
