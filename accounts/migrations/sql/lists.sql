-- The decision as lists, a page at a time. Candidates come from the rows, in the order of an index;
-- where nothing but a row can matter they stand, everywhere else accounts_decide() is asked.

-- Rows say of what kind their resource is: those over the site or a project reach what lies below.
create function accounts_row_kind() returns trigger language plpgsql as $$
begin
  new.kind := (select r.kind from accounts_resource r where r.id = new.content_object_id);
  return new;
end $$;
create trigger kind before insert or update of content_object_id on accounts_userpermission
  for each row execute function accounts_row_kind();
create trigger kind before insert or update of content_object_id on accounts_grouppermission
  for each row execute function accounts_row_kind();

-- No row without its open grant, which is kept open until the row is there or is waited for.
create function accounts_row_given() returns trigger language plpgsql as $$
begin
  perform 1 from accounts_grant g where g.id = new.grant_id and g.closed_at is null for share;
  if not found then
    raise exception 'grant % is not open: it gives nothing', new.grant_id using errcode = '23514';
  end if;
  return new;
end $$;
create trigger given before insert or update of grant_id on accounts_userpermission
  for each row execute function accounts_row_given();
create trigger given before insert or update of grant_id on accounts_grouppermission
  for each row execute function accounts_row_given();

-- Who may do this here, by name, also through groups.
create function accounts_who_can(
  permission integer, codename text, content boolean, use boolean, edit integer,
  resource bigint, after text, most integer, at timestamptz
) returns table (id uuid, username text) language plpgsql stable as $$
declare
  chain bigint[];
  plain boolean;
begin
  select s.ancestors || s.resource_id, not (content and s.hidden) and (s.plain or not use)
    and not exists (
      select 1 from accounts_grant g join accounts_rolepermission p on p.role_id = g.role_id
      where g.effect = 'deny' and g.closed_at is null
        and g.resource_id = any(s.ancestors || s.resource_id)
        and p.codename = accounts_who_can.codename and p.closed_at is null)
  into chain, plain
  from accounts_standing s where s.resource_id = resource and s.closed_at is null;
  if not found then return; end if;
  return query
    select c.id, c.username::text from (
      select u.id, u.username from (
        select p.user_id from accounts_userpermission p
          where p.content_object_id = any(chain) and p.permission_id = permission
            and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
        union
        select m.user_id from (
          select distinct p.group_id from accounts_grouppermission p
          where p.content_object_id = any(chain) and p.permission_id = permission
            and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
        ) g join accounts_membership m on m.group_id = g.group_id
          and m.opened_at <= at and (m.closed_at is null or m.closed_at > at)
      ) held
      join accounts_spell s on s.user_id = held.user_id and s.closed_at is null
      join accounts_user u on u.id = held.user_id
      where u.username > after
      order by u.username offset 0
    ) c
    where plain or (accounts_decide(c.id, permission, codename, content, use, edit, resource,
      '', null, at)).reason = 'allowed'
    limit most;
end $$;

-- What this subject may do it to, by id. Each principal's rows are walked in the order of their
-- index; what lies below a container comes from its children, in the order of theirs.
create function accounts_what_can(
  subject uuid, permission integer, codename text, content boolean, use boolean, edit integer,
  kinds text[], after bigint, most integer, api_key uuid, at timestamptz
) returns table (id bigint) language plpgsql stable as $$
declare
  groups integer[];
  everywhere boolean;
  containers bigint[];
  settled boolean;  -- by a row, where the resource is plain
  next bigint := after;
  step integer := greatest(most, 25);
  taken integer := 0;
  seen integer;
  allowed bigint[];
begin
  select m.groups, c.everywhere, c.projects, not exists (
      select 1 from accounts_grant g
      where g.effect = 'deny' and g.closed_at is null and g.user_id = subject
    ) and not exists (
      select 1 from accounts_grant g
      where g.effect = 'deny' and g.closed_at is null and g.group_id = any(m.groups))
  into groups, everywhere, containers, settled
  from (
    select array(select m.group_id from accounts_membership m where m.user_id = subject
      and m.opened_at <= at and (m.closed_at is null or m.closed_at > at)) as groups
    from accounts_spell s where s.user_id = subject and s.closed_at is null offset 0
  ) m cross join lateral accounts_containers(subject, m.groups, permission, at) c;
  if not found then return; end if;
  if api_key is not null then
    select k.within_id is null and settled into settled from accounts_apikey k
    where k.id = api_key and k.owner_id = subject and k.revoked_at is null and k.expires_at > at
      and codename = any(k.scopes);
    if not found then return; end if;
  end if;
  if not everywhere and 'version' = any(kinds) then
    containers := containers || accounts_assets(subject, groups, containers, permission, at);
  end if;
  while taken < most loop
    with candidates as materialized (
      select distinct c.node from (
        (select p.content_object_id as node from accounts_userpermission p
          where p.user_id = subject and p.permission_id = permission and not everywhere
            and p.content_object_id > next and p.kind = any(kinds)
            and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
          order by p.content_object_id limit step)
        union all
        select l.node from unnest(groups) member cross join lateral (
          select p.content_object_id as node from accounts_grouppermission p
          where p.group_id = member and p.permission_id = permission and not everywhere
            and p.content_object_id > next and p.kind = any(kinds)
            and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
          order by p.content_object_id limit step) l
        union all
        select l.node from unnest(containers) above cross join lateral (
          select r.id as node from accounts_resource r
          where r.parent_id = above and r.id > next and r.kind = any(kinds) and not everywhere
          order by r.id limit step) l
        union all
        select l.node from unnest(kinds) k cross join lateral (
          select r.id as node from accounts_resource r
          where r.kind = k and r.id > next and everywhere
          order by r.id limit step) l
      ) c order by c.node limit step
    )
    select count(*), max(c.node), array_agg(c.node order by c.node) filter (where
      (settled and not (content and s.hidden) and (s.plain or not use))
      or (accounts_decide(subject, permission, codename, content, use, edit, c.node,
        '', api_key, at)).reason = 'allowed')
    into seen, next, allowed
    from candidates c
      join accounts_standing s on s.resource_id = c.node and s.closed_at is null;
    return query select unnest(allowed[1 : most - taken]);
    taken := taken + coalesce(cardinality(allowed), 0);
    exit when seen < step;
    step := least(step * 2, 2000);
  end loop;
end $$;

-- The projects over which rows give it, and whether one over the site does.
create function accounts_containers(
  subject uuid, groups integer[], permission integer, at timestamptz,
  out everywhere boolean, out projects bigint[]
) language sql stable as $$
  select coalesce(bool_or(c.kind = 'root'), false),
    coalesce(array_agg(distinct c.node) filter (where c.kind = 'project'), '{}')
  from (
    select p.content_object_id as node, p.kind from accounts_userpermission p
    where p.user_id = subject and p.permission_id = permission and p.kind in ('root', 'project')
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
    union all
    select p.content_object_id, p.kind from accounts_grouppermission p
    where p.group_id = any(groups) and p.permission_id = permission and p.kind in ('root', 'project')
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
  ) c
$$;

-- The datasets and models over which it is held: versions lie below them.
create function accounts_assets(
  subject uuid, groups integer[], projects bigint[], permission integer, at timestamptz
) returns bigint[] language sql stable as $$
  select array(
    select r.id from accounts_resource r where r.parent_id = any(projects)
    union
    select p.content_object_id from accounts_userpermission p
    where p.user_id = subject and p.permission_id = permission and p.kind in ('dataset', 'model')
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
    union
    select p.content_object_id from accounts_grouppermission p
    where p.group_id = any(groups) and p.permission_id = permission and p.kind in ('dataset', 'model')
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
  )
$$;
