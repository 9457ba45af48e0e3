-- Many questions in one statement, with the same answers as accounts_decide(), in their order.
--
-- What the questions have in common is looked up once. Where nothing but a row can matter it settles
-- them, and where there is no grant at all nothing does; everywhere else accounts_decide() is asked.
create function accounts_decide_each(
  subjects uuid[], permissions integer[], codenames text[], contents boolean[], uses boolean[],
  edit integer, places bigint[], purposes text[], keys uuid[], at timestamptz
) returns table (reason text, grant_id uuid, role text, purpose text) language sql stable as $$
  with asked as materialized (
    select * from unnest(subjects, permissions, codenames, contents, uses, places, purposes, keys)
      with ordinality as q(subject, permission, codename, content, use, place, stated, key, n)
  ),
  people as materialized (
    select s.user_id, array(select m.group_id from accounts_membership m
      where m.user_id = s.user_id and m.opened_at <= at and (m.closed_at is null or m.closed_at > at)
    ) as groups
    from accounts_spell s where s.user_id = any(subjects) and s.closed_at is null
  ),
  plain as materialized (
    select q.*, p.groups, c.chain, s.barred, exists (
        select 1 from accounts_grant g join accounts_rolepermission r on r.role_id = g.role_id
        where g.user_id = q.subject and g.effect = 'allow' and g.resource_id = any(c.chain)
          and g.closed_at is null and r.codename = q.codename and r.closed_at is null
      ) or exists (
        select 1 from accounts_grant g join accounts_rolepermission r on r.role_id = g.role_id
        where g.group_id = any(p.groups) and g.effect = 'allow' and g.resource_id = any(c.chain)
          and g.closed_at is null and r.codename = q.codename and r.closed_at is null) as near
    from asked q join people p on p.user_id = q.subject
      join accounts_standing s on s.resource_id = q.place and s.closed_at is null
      cross join lateral (select s.ancestors || s.resource_id as chain offset 0) c
    where q.key is null and not (q.content and s.hidden)
      and (s.plain or not q.use or (s.blocked = '' and s.agreements = '{}' and q.stated <> all(s.barred)))
      and not exists (select 1 from accounts_grant g where g.effect = 'deny'
        and g.closed_at is null and g.resource_id = any(c.chain))
  ),
  own as materialized (
    select q.n, q.stated, q.use, q.barred, q.chain, p.content_object_id as node, p.grant_id
    from plain q join accounts_userpermission p on p.user_id = q.subject
      and p.permission_id = q.permission and p.content_object_id = any(q.chain)
      and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
    where q.near
  ),
  given as materialized (
    select distinct on (h.n) h.n, g.id, o.slug, coalesce(nullif(h.stated, ''), g.purpose) as purpose
    from (
      select own.*, 1 as nearness from own
      union all
      select q.n, q.stated, q.use, q.barred, q.chain, p.content_object_id, p.grant_id, 2
      from plain q join accounts_grouppermission p on p.content_object_id = any(q.chain)
        and p.permission_id = q.permission and p.group_id = any(q.groups)
        and p.starts_at <= at and (p.expires_at is null or p.expires_at > at)
      where q.near
    ) h join accounts_grant g on g.id = h.grant_id and g.closed_at is null
      join accounts_role o on o.id = g.role_id
    where (h.stated = '' or g.purpose in ('', h.stated)) and not (h.use and g.purpose = any(h.barred))
    order by h.n, h.nearness, array_position(h.chain, h.node) desc, g.opened_at, g.id
  )
  select a.reason, a.grant_id, a.role, a.purpose from (
    select n, 'allowed' as reason, id as grant_id, slug::text as role, purpose from given
    union all
    select n, 'no_grant', null, null, stated from plain where not near
    union all
    select q.n, d.* from asked q cross join lateral accounts_decide(q.subject, q.permission,
      q.codename, q.content, q.use, edit, q.place, q.stated, q.key, at) d
    where q.n not in (select n from given union all select n from plain where not near)
  ) a order by a.n
$$;
