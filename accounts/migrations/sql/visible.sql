-- The decision as a set: every resource over which the permission is held now.
create function accounts_visible(
  subject uuid, permission integer, codename text, content boolean, use boolean, edit integer,
  api_key uuid, at timestamptz
) returns table (id bigint) language sql stable as $$
  with key as materialized (
    select k.within_id from accounts_apikey k where k.id = api_key and k.owner_id = subject
      and k.revoked_at is null and k.expires_at > at
      and accounts_visible.codename = any(k.scopes)
  ),
  spell as materialized (
    select answerable_id as person from accounts_spell where user_id = subject and closed_at is null
  ),
  groups as materialized (
    select m.group_id from accounts_membership m where m.user_id = subject
      and m.opened_at <= at and (m.closed_at is null or m.closed_at > at)
  ),
  rows as materialized (
    select p.permission_id, p.content_object_id as node, g.purpose
    from accounts_userpermission p
      join accounts_grant g on g.id = p.grant_id and g.closed_at is null
    where p.user_id = subject and p.permission_id in (permission, edit)
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
    union
    select p.permission_id, p.content_object_id, g.purpose
    from accounts_grouppermission p
      join accounts_grant g on g.id = p.grant_id and g.closed_at is null
    where p.group_id in (select group_id from groups) and p.permission_id in (permission, edit)
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
  ),
  denied as materialized (
    select g.resource_id as node, g.first_version, g.last_version
    from accounts_grant g join accounts_rolepermission p on p.role_id = g.role_id
    where g.effect = 'deny' and g.closed_at is null
      and (g.user_id = subject or g.group_id in (select group_id from groups))
      and g.starts_at <= at and (g.expires_at is null or g.expires_at > at)
      and p.codename = accounts_visible.codename and p.closed_at is null
  ),
  reached as (
    select s, rows.purpose from rows join accounts_standing s on s.resource_id = rows.node
    where rows.permission_id = permission and s.closed_at is null
    union all
    select s, rows.purpose from rows join accounts_standing s on s.ancestors @> array[rows.node]
    where rows.permission_id = permission and s.closed_at is null
  )
  select distinct (s).resource_id from reached, spell
  where (api_key is null or exists (select 1 from key where within_id is null
      or within_id = (s).resource_id or within_id = any((s).ancestors)))
    and not (use and (s).blocked <> '')
    and not (use and purpose <> '' and purpose = any((s).barred))
    and not exists (select 1 from denied d
      where (d.node = (s).resource_id or d.node = any((s).ancestors)) and (d.first_version is null
        or (s).number between d.first_version and coalesce(d.last_version, (s).number)))
    and not (content and (s).hidden and not exists (select 1 from rows e
      where e.permission_id = edit and (e.node = (s).resource_id or e.node = any((s).ancestors))))
    and (not use or (s).agreements = '{}'
      or accounts_lacks(spell.person, (s).agreements, at) is null)
$$;
