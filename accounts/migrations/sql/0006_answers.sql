-- Rows over the site or a project reach what lies below: lists start from them, so they are marked.
create function accounts_row_reaches() returns trigger language plpgsql as $$
begin
  new.deep := exists (select 1 from accounts_resource r
    where r.id = new.content_object_id and r.kind in ('root', 'project'));
  return new;
end $$;
create trigger reaches before insert or update of content_object_id on accounts_userpermission
  for each row execute function accounts_row_reaches();
create trigger reaches before insert or update of content_object_id on accounts_grouppermission
  for each row execute function accounts_row_reaches();

-- The decision as lists, a page at a time. Candidates come from the rows, in the order of an index;
-- where nothing but a row can matter they stand, everywhere else accounts_decide() is asked.

-- Is there nothing about this resource that a live row would not settle?
create function accounts_is_plain(
  r accounts_standing, codename text, content boolean, use boolean, at timestamptz
) returns boolean language sql stable as $$
  select not (content and (r).hidden)
    and not (use and ((r).blocked <> '' or (r).barred <> '{}' or (r).agreements <> '{}'))
    and not exists (
      select 1 from accounts_grant g join accounts_rolepermission p on p.role_id = g.role_id
      where g.effect = 'deny' and g.closed_at is null
        and g.resource_id = any((r).ancestors || (r).resource_id)
        and p.codename = accounts_is_plain.codename and p.closed_at is null)
$$;

-- Who may do this here, by name, also through groups.
create function accounts_who_can(
  permission integer, codename text, content boolean, use boolean, edit integer,
  resource bigint, after text, most integer, at timestamptz
) returns table (id uuid, username text) language plpgsql stable as $$
declare
  r accounts_standing;
  plain boolean;
  chain bigint[];
begin
  select * into r from accounts_standing where resource_id = resource and closed_at is null;
  if not found then return; end if;
  plain := accounts_is_plain(r, codename, content, use, at);
  chain := r.ancestors || r.resource_id;
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
  containers bigint[];
  everywhere boolean;
  denied boolean;
  next bigint := after;
  candidates bigint[];
  taken integer := 0;
  step integer := greatest(most, 25);
  more integer;
begin
  if not exists (select 1 from accounts_spell where user_id = subject and closed_at is null) then
    return;
  end if;
  groups := array(select m.group_id from accounts_membership m where m.user_id = subject
    and m.opened_at <= at and (m.closed_at is null or m.closed_at > at));
  denied := exists (select 1 from accounts_grant g where g.effect = 'deny' and g.closed_at is null
    and (g.user_id = subject or g.group_id = any(groups)));
  containers := accounts_containers(subject, groups, permission, at);
  everywhere := exists (select 1 from accounts_resource r
    where r.id = any(containers) and r.parent_id is null);
  if not everywhere and 'version' = any(kinds) then
    containers := containers || accounts_assets(subject, groups, containers, permission, at);
  end if;
  while taken < most loop
    candidates := array(
      select distinct c.node from (
        (select p.content_object_id as node from accounts_userpermission p
          where p.user_id = subject and p.permission_id = permission and not everywhere
            and p.content_object_id > next
            and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
          order by p.content_object_id limit step)
        union all
        select l.node from unnest(groups) member cross join lateral (
          select p.content_object_id as node from accounts_grouppermission p
          where p.group_id = member and p.permission_id = permission and not everywhere
            and p.content_object_id > next
            and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
          order by p.content_object_id limit step) l
        union all
        select l.node from unnest(containers) above cross join lateral (
          select r.id as node from accounts_resource r
          where r.parent_id = above and r.id > next and not everywhere
          order by r.id limit step) l
        union all
        select l.node from unnest(kinds) k cross join lateral (
          select r.id as node from accounts_resource r
          where r.kind = k and r.id > next and everywhere
          order by r.id limit step) l
      ) c order by c.node limit step);
    exit when candidates = '{}';
    return query
      select c.node from unnest(candidates) c(node)
      join accounts_resource r on r.id = c.node and r.kind = any(kinds)
      join accounts_standing s on s.resource_id = c.node and s.closed_at is null
      where (api_key is null and not denied and not (content and s.hidden)
          and not (use and (s.blocked <> '' or s.barred <> '{}' or s.agreements <> '{}')))
        or (accounts_decide(subject, permission, codename, content, use, edit, c.node,
          '', api_key, at)).reason = 'allowed'
      order by c.node limit most - taken;
    get diagnostics more = row_count;
    taken := taken + more;
    next := candidates[cardinality(candidates)];
    step := least(step * 2, 2000);
  end loop;
end $$;

-- The site and the projects over which rows give it.
create function accounts_containers(
  subject uuid, groups integer[], permission integer, at timestamptz
) returns bigint[] language sql stable as $$
  select array(
    select p.content_object_id from accounts_userpermission p
    where p.user_id = subject and p.permission_id = permission and p.deep
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
    union
    select p.content_object_id from accounts_grouppermission p
    where p.group_id = any(groups) and p.permission_id = permission and p.deep
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
  )
$$;

-- The datasets and models over which it is held: versions lie below them.
create function accounts_assets(
  subject uuid, groups integer[], containers bigint[], permission integer, at timestamptz
) returns bigint[] language sql stable as $$
  select array(
    select r.id from accounts_resource r where r.parent_id = any(containers)
    union
    select p.content_object_id from accounts_userpermission p
    where p.user_id = subject and p.permission_id = permission and not p.deep
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
    union
    select p.content_object_id from accounts_grouppermission p
    where p.group_id = any(groups) and p.permission_id = permission and not p.deep
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
  )
$$;

-- Which permissions: each asked of the one decision.
create function accounts_actions_of(
  subject uuid, resource bigint, permissions integer[], codenames text[], contents boolean[],
  uses boolean[], edit integer, api_key uuid, at timestamptz
) returns table (codename text) language sql stable as $$
  select p.codename from unnest(permissions, codenames, contents, uses)
    as p(permission, codename, content, use)
  where (accounts_decide(subject, p.permission, p.codename, p.content, p.use, edit, resource,
    '', api_key, at)).reason = 'allowed'
$$;
