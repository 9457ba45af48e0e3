-- How the decision point is told of times and permissions (accounts/point): microseconds of the
-- epoch, and masks of bits, one for each of `permissions` in their order.

create function accounts_micros(at timestamptz) returns bigint language sql stable as $$
  select (date_part('epoch', at) * 1000000)::bigint
$$;

create function accounts_role_mask(role uuid, permissions integer[]) returns bigint
language sql stable as $$
  select coalesce(bit_or(1::bigint << (array_position(permissions, a.id) - 1)), 0)
  from accounts_rolepermission p
  join auth_permission a on a.codename = p.codename and a.id = any(permissions)
  where p.role_id = role and p.closed_at is null
$$;
