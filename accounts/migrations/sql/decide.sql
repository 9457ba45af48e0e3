-- One statement decides. The gates in their order; the first that fails is the reason.
--
-- `content` and `use` say of which kind the permission is (accounts/permissions.py); `edit` is the
-- permission that opens drafts. Answers: reason, and for "allowed" the grant, its role, the purpose.

create function accounts_decide(
  subject uuid, permission integer, codename text, content boolean, use boolean, edit integer,
  resource bigint, stated text, api_key uuid, at timestamptz,
  out reason text, out grant_id uuid, out role text, out purpose text
) language plpgsql stable as $$
declare
  person uuid;
  groups integer[];
  key record;
  r record;
  standing accounts_standing;
  chain bigint[];
begin
  purpose := stated;
  select s.answerable_id, m.groups, t.resource_id, c.chain, t.number, t.blocked, t.hidden, t.barred,
    t.agreements, exists (select 1 from accounts_grant g where g.effect = 'deny'
      and g.closed_at is null and g.resource_id = any(c.chain)) as denied,
    -- Rows come from grants: nearly always there is none at all, which an index tells.
    case when exists (select 1 from accounts_grant g where g.user_id = subject
        and g.effect = 'allow' and g.resource_id = any(c.chain) and g.closed_at is null) then 'own'
      when exists (select 1 from accounts_grant g where g.group_id = any(m.groups)
        and g.effect = 'allow' and g.resource_id = any(c.chain) and g.closed_at is null) then 'shared'
    end as near
  into r
  from accounts_spell s
    cross join lateral (select array(select m.group_id from accounts_membership m
      where m.user_id = subject and m.opened_at <= at and (m.closed_at is null or m.closed_at > at)
    ) as groups offset 0) m
    left join accounts_standing t on t.resource_id = resource and t.closed_at is null
    cross join lateral (select t.ancestors || t.resource_id as chain offset 0) c
  where s.user_id = subject and s.closed_at is null;
  if not found then
    reason := case when exists (select 1 from accounts_user where id = subject)
      then 'subject_inactive' else 'subject_unknown' end;
    return;
  end if;
  person := r.answerable_id;
  groups := r.groups;
  chain := r.chain;

  if api_key is not null then
    select revoked_at, expires_at, scopes, within_id into key from accounts_apikey
      where id = api_key and owner_id = subject;
    reason := case when not found then 'key_unknown'
      when key.revoked_at is not null then 'key_revoked'
      when key.expires_at <= at then 'key_expired'
      when codename <> all(key.scopes) then 'key_scope' end;
    if reason is not null then return; end if;
  end if;

  if r.resource_id is null then reason := 'resource_unknown'; return; end if;
  if api_key is not null then
    if key.within_id <> all(chain) then reason := 'key_restriction'; return; end if;
  end if;
  if use and r.blocked <> '' then reason := 'resource_' || r.blocked; return; end if;

  if r.denied then
    if exists (
      select 1 from accounts_grant g join accounts_rolepermission p on p.role_id = g.role_id
      where g.effect = 'deny' and g.closed_at is null and g.resource_id = any(chain)
        and (g.user_id = subject or g.group_id = any(groups))
        and g.starts_at <= at and (g.expires_at is null or g.expires_at > at)
        and (g.first_version is null
          or r.number between g.first_version and coalesce(g.last_version, r.number))
        and p.codename = accounts_decide.codename and p.closed_at is null
    ) then
      reason := 'deny_grant'; return;
    end if;
  end if;

  if use then
    if stated = any(r.barred) then reason := 'purpose_not_permitted'; return; end if;
    if r.agreements <> '{}' then
      reason := accounts_lacks(person, r.agreements, at);
      if reason is not null then return; end if;
    end if;
  end if;

  if content and r.hidden then
    if not exists (
      select 1 from accounts_userpermission p
        join accounts_grant g on g.id = p.grant_id and g.closed_at is null
      where p.user_id = subject and p.permission_id = edit
        and p.content_object_id = any(chain) and p.starts_at <= at
        and (p.expires_at is null or p.expires_at > at)
      union all
      select 1 from accounts_grouppermission p
        join accounts_grant g on g.id = p.grant_id and g.closed_at is null
      where p.group_id = any(groups)
        and p.permission_id = edit and p.content_object_id = any(chain) and p.starts_at <= at
        and (p.expires_at is null or p.expires_at > at)
    ) then
      reason := 'resource_draft'; return;
    end if;
  end if;

  -- The subject's own, then the groups'; nearest first, then the oldest.
  if r.near = 'own' then
    select 'allowed', g.id, o.slug, coalesce(nullif(stated, ''), g.purpose)
    into reason, grant_id, role, purpose
    from accounts_userpermission p
      join accounts_grant g on g.id = p.grant_id and g.closed_at is null
      join accounts_role o on o.id = g.role_id
    where p.user_id = subject and p.permission_id = permission and p.content_object_id = any(chain)
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
      and (stated = '' or g.purpose in ('', stated)) and not (use and g.purpose = any(r.barred))
    order by array_position(chain, p.content_object_id) desc, g.opened_at, g.id limit 1;
    if found then return; end if;
  end if;

  if r.near is not null then
    select 'allowed', g.id, o.slug, coalesce(nullif(stated, ''), g.purpose)
    into reason, grant_id, role, purpose
    from accounts_grouppermission p
      join accounts_grant g on g.id = p.grant_id and g.closed_at is null
      join accounts_role o on o.id = g.role_id
    where p.content_object_id = any(chain) and p.permission_id = permission
      and p.group_id = any(groups)
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
      and (stated = '' or g.purpose in ('', stated)) and not (use and g.purpose = any(r.barred))
    order by array_position(chain, p.content_object_id) desc, g.opened_at, g.id limit 1;
    if found then return; end if;
  end if;

  purpose := stated;
  if r.near is null then reason := 'no_grant'; return; end if;
  select * into standing from accounts_standing where resource_id = resource and closed_at is null;
  reason := accounts_near_miss(subject, groups, codename, standing, stated, at);
end $$;

-- Why not, when a grant would have given it otherwise: in another time, for another purpose,
-- while it is suspended, or for the versions that it reaches.
create function accounts_near_miss(
  subject uuid, groups integer[], codename text, r accounts_standing, stated text, at timestamptz
) returns text language plpgsql stable as $$
declare
  chain bigint[] := r.ancestors || r.resource_id;
begin
  return coalesce((
    select why from (
      select case
        when reached and suspended then 'grant_suspended'
        when reached and not lasting then 'grant_expired'
        when reached and not begun then 'grant_not_started'
        when reached and stated <> '' and purpose not in ('', stated) then 'grant_purpose'
        when reached then 'purpose_not_permitted'
        when begun and lasting and new_versions = 'block' then 'version_blocked'
        when begun and lasting then 'version_not_covered'
      end as why
      from (
        select g.purpose, g.new_versions,
          g.starts_at <= at as begun, g.expires_at is null or g.expires_at > at as lasting,
          g.first_version is null or r.number
            between g.first_version and coalesce(g.last_version, r.number) as reached,
          exists (select 1 from accounts_suspension s where s.grant_id = g.id
            and s.closed_at is null) as suspended
        from (
          select u.* from accounts_grant u where u.user_id = subject and u.effect = 'allow'
            and u.closed_at is null and u.resource_id = any(chain)
          union all
          select t.* from unnest(groups) member cross join lateral (
            select h.* from accounts_grant h where h.group_id = member and h.effect = 'allow'
              and h.closed_at is null and h.resource_id = any(chain)) t
        ) g
        where (g.first_version is null or r.number is not null)
          and exists (select 1 from accounts_rolepermission p where p.role_id = g.role_id
            and p.codename = accounts_near_miss.codename and p.closed_at is null)
      ) held
    ) nearly
    where why is not null
    order by array_position(array['grant_purpose', 'purpose_not_permitted', 'grant_suspended',
      'grant_expired', 'grant_not_started', 'version_not_covered', 'version_blocked'], why)
    limit 1
  ), 'no_grant');
end $$;

-- Which required agreement this person lacks, as a reason; null when none.
create function accounts_lacks(person uuid, required text[], at timestamptz)
returns text language sql stable as $$
  select case when bool_or(past) then 'agreement_expired' else 'agreement_missing' end
  from (
    select exists (select 1 from accounts_signature s join accounts_agreement a
      on a.id = s.agreement_id where s.user_id = person and a.slug = item) as past
    from unnest(required) item where not exists (
      select 1 from accounts_signature s join accounts_agreement a on a.id = s.agreement_id
      where s.user_id = person and a.slug = item and s.opened_at <= at
        and (s.closed_at is null or s.closed_at > at)
        and (s.expires_at is null or s.expires_at > at))
  ) lacking having count(*) > 0
$$;
