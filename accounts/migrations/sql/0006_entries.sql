-- What the decision point remembers: all that accounts_decide() asks of one subject, one group,
-- one resource, one key. Times are microseconds of the epoch. `permissions` are the ids of guardian's
-- permissions in the order of the code, so that a set of them is a mask of bits.

create function accounts_micros(at timestamptz) returns bigint language sql stable as $$
  select (date_part('epoch', at) * 1000000)::bigint
$$;

-- What this user (or this group) holds, is denied, and might hold otherwise; `most` grants at most.
create function accounts_bundle(
  of_user uuid, of_group integer, permissions integer[], most integer, at timestamptz,
  out nodes bigint[], out masks bigint[], out starts bigint[], out ends bigint[],
  out opened bigint[], out grants uuid[], out roles text[], out purposes text[],
  out denied bigint[], out denied_masks bigint[], out denied_from bigint[],
  out denied_to bigint[], out denied_first integer[], out denied_last integer[],
  out near bigint[], out near_masks bigint[]
) language plpgsql stable as $$
begin
  select array_agg(h.node), array_agg(h.mask), array_agg(h.start), array_agg(h.finish),
    array_agg(accounts_micros(g.opened_at)), array_agg(g.id), array_agg(o.slug::text),
    array_agg(g.purpose::text)
  into nodes, masks, starts, ends, opened, grants, roles, purposes
  from (
    select p.content_object_id as node, p.grant_id,
      bit_or(1::bigint << (array_position(permissions, p.permission_id) - 1)) as mask,
      case when p.starts_at > at then accounts_micros(p.starts_at) else 0 end as start,
      case when p.expires_at is not null then accounts_micros(p.expires_at) end as finish
    from (
      select u.content_object_id, u.grant_id, u.permission_id, u.starts_at, u.expires_at
      from accounts_userpermission u where u.user_id = of_user
      union all
      select t.content_object_id, t.grant_id, t.permission_id, t.starts_at, t.expires_at
      from accounts_grouppermission t where t.group_id = of_group
    ) p
    where p.expires_at is null or p.expires_at > at
    group by p.content_object_id, p.grant_id, p.starts_at, p.expires_at
    limit most
  ) h
  join accounts_grant g on g.id = h.grant_id
  join accounts_role o on o.id = g.role_id;

  select array_agg(d.resource_id), array_agg(d.mask), array_agg(accounts_micros(d.starts_at)),
    array_agg(accounts_micros(d.expires_at)), array_agg(d.first_version), array_agg(d.last_version)
  into denied, denied_masks, denied_from, denied_to, denied_first, denied_last
  from (
    select g.resource_id, g.starts_at, g.expires_at, g.first_version, g.last_version,
      accounts_role_mask(g.role_id, permissions) as mask
    from accounts_grant g
    where g.effect = 'deny' and g.closed_at is null
      and (g.user_id = of_user or g.group_id = of_group)
  ) d;

  -- Open grants that may give nothing where they were given: the reason is looked up then.
  select array_agg(n.resource_id), array_agg(n.mask) into near, near_masks
  from (
    select g.resource_id, accounts_role_mask(g.role_id, permissions) as mask
    from accounts_grant g
    where g.effect = 'allow' and g.closed_at is null
      and (g.user_id = of_user or g.group_id = of_group)
      and (g.expires_at <= at or g.starts_at > at or g.first_version is not null
        or exists (select 1 from accounts_suspension s
          where s.grant_id = g.id and s.closed_at is null))
    limit most
  ) n;
end $$;

create function accounts_role_mask(role uuid, permissions integer[]) returns bigint
language sql stable as $$
  select coalesce(bit_or(1::bigint << (array_position(permissions, a.id) - 1)), 0)
  from accounts_rolepermission p
  join auth_permission a on a.codename = p.codename and a.id = any(permissions)
  where p.role_id = role and p.closed_at is null
$$;

create function accounts_subject(
  subject uuid, at timestamptz, out known boolean, out person uuid, out member_of integer[], out joined bigint[],
  out left_at bigint[], out signed text[], out signed_from bigint[], out signed_to bigint[]
) language plpgsql stable as $$
begin
  known := exists (select 1 from accounts_user where id = subject);
  select answerable_id into person from accounts_spell where user_id = subject and closed_at is null;
  select array_agg(m.group_id), array_agg(accounts_micros(m.opened_at)),
    array_agg(accounts_micros(m.closed_at))
  into member_of, joined, left_at
  from accounts_membership m
  where m.user_id = subject and (m.closed_at is null or m.closed_at > at);
  select array_agg(a.slug::text), array_agg(accounts_micros(s.opened_at)),
    array_agg(accounts_micros(least(s.closed_at, s.expires_at)))
  into signed, signed_from, signed_to
  from accounts_signature s join accounts_agreement a on a.id = s.agreement_id
  where s.user_id = subject;
end $$;
