-- What the derived rows should be, computed anew from intent, against what they are.

create function accounts_wanted() returns table (
  grant_id uuid, permission_id integer, place bigint, user_id uuid, group_id integer,
  starts_at timestamptz, expires_at timestamptz
) language sql stable as $$
  select g.id, known.id, reached.place, g.user_id, g.group_id, g.starts_at, g.expires_at
  from accounts_grant g
  join accounts_rolepermission p on p.role_id = g.role_id and p.closed_at is null
  join auth_permission known on known.codename = p.codename
  join django_content_type kind on kind.id = known.content_type_id
    and kind.app_label = 'accounts' and kind.model = 'resource'
  cross join lateral (
    select g.resource_id as place where g.first_version is null
    union all
    select r.id from accounts_resource r where r.parent_id = g.resource_id
      and r.number between g.first_version and coalesce(g.last_version, r.number)
  ) reached
  where g.effect = 'allow' and g.closed_at is null and not exists (
    select 1 from accounts_suspension s where s.grant_id = g.id and s.closed_at is null)
$$;

-- Rows past their end give nothing and may be swept or not: neither is drift.
create function accounts_drift() returns table (what text, grant_id uuid, of bigint)
language sql stable as $$
  with wanted as materialized (
    select * from accounts_wanted() w where w.expires_at is null or w.expires_at > now()
  ),
  found as materialized (
    select u.grant_id, u.permission_id, u.content_object_id as place, u.user_id,
      null::integer as group_id, u.starts_at, u.expires_at from accounts_userpermission u
    union all
    select g.grant_id, g.permission_id, g.content_object_id, null, g.group_id, g.starts_at,
      g.expires_at from accounts_grouppermission g
  ),
  fresh as materialized (
    select * from accounts_fresh(array(select id from accounts_resource))
  )
  select 'missing row', w.grant_id, w.place from (
    select * from wanted except select * from found) w
  union all
  select 'surplus row', f.grant_id, f.place from (
    select * from found where expires_at is null or expires_at > now()
    except select * from wanted) f
  union all
  select 'wrong standing', null, fresh.id from fresh
  left join accounts_standing s on s.resource_id = fresh.id and s.closed_at is null
  where (s.number, s.ancestors, s.blocked, s.hidden, s.flagged, s.classification,
      s.categories::text[], s.barred::text[], s.agreements::text[])
    is distinct from (fresh.number, fresh.ancestors, fresh.blocked, fresh.hidden, fresh.flagged,
      fresh.classification, fresh.categories, fresh.barred, fresh.agreements)
  union all
  select 'wrong spell', null, null from accounts_user u
  left join accounts_serviceaccount v on v.user_id = u.id
  left join accounts_user o on o.id = v.owner_id
  left join accounts_spell s on s.user_id = u.id and s.closed_at is null
  where s.answerable_id is distinct from
    case when u.is_active and (u.kind <> 'service' or o.is_active) then coalesce(o.id, u.id) end
$$;
