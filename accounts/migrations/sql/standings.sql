-- Derived by the database itself, in the transaction of the change, so that nobody has to remember.
--
-- A standing is all that a decision asks of a resource, its own and inherited: through the tree
-- (state, conditions) and through lineage (conditions only, the strictest of what it was made from).
-- A spell is a time in which a subject is live: active, and for a service its answerable person too.
-- Both are effective-dated, so that "as of" is a query.

create function accounts_purposes() returns text[] language sql immutable as $$
  select array['model_training', 'model_evaluation', 'inference', 'analytics', 'research',
    'quality_assurance', 'bias_detection', 'clinical_care', 'public_health', 'security',
    'legal_obligation', 'marketing']
$$;

create function accounts_rank(classification text) returns integer language sql immutable as $$
  select array_position(array['public', 'internal', 'confidential', 'restricted'], classification)
$$;

create function accounts_sorted(items text[]) returns text[] language sql immutable as $$
  select coalesce(array_agg(distinct item order by item), '{}') from unnest(items) item
$$;

-- What the touched resources and everything below them, or made from them, stand for now.
create function accounts_fresh(touched bigint[])
returns table (
  id bigint, number integer, ancestors bigint[], blocked text, hidden boolean,
  flagged boolean, classification text, categories text[], barred text[], agreements text[]
) language sql stable as $$
  with recursive affected (id) as (
    select unnest(touched)
    union
    select r.id from affected a
      join accounts_resource r on r.ancestors @> array[a.id] or r.sources @> array[a.id]
  ),
  base (id, base) as (
    select affected.id, affected.id from affected
    union
    select b.id, up from base b
      join accounts_resource r on r.id = b.base
      cross join lateral unnest(r.ancestors || r.sources) up
  )
  select self.id, self.number, self.ancestors,
    coalesce(tree.blocked, ''), tree.hidden, lineage.flagged, strict.classification,
    accounts_sorted(strict.categories), accounts_sorted(strict.barred),
    accounts_sorted(strict.agreements)
  from affected join accounts_resource self using (id)
  cross join lateral (
    select
      (array_agg(n.state order by cardinality(n.ancestors) desc)
        filter (where n.state in ('withdrawn', 'retired')))[1] as blocked,
      bool_or(n.state in ('draft', 'pending')) as hidden
    from accounts_resource n where n.id = any(self.ancestors || self.id)
  ) tree
  cross join lateral (
    select coalesce(bool_or(n.state in ('withdrawn', 'retired')), false) as flagged
    from base b join accounts_resource n on n.id = b.base
    where b.id = self.id and b.base <> self.id and b.base <> all(self.ancestors)
  ) lineage
  cross join lateral (
    select
      (array_agg(n.classification order by accounts_rank(n.classification) desc))[1] as classification,
      array(select unnest(m.categories) from base c join accounts_resource m on m.id = c.base
        where c.id = self.id) as categories,
      array(select unnest(m.prohibited_purposes::text[] || case when m.permitted_purposes = '{}' then '{}'
          else array(select p from unnest(accounts_purposes()) p
            where p <> all(m.permitted_purposes)) end)
        from base c join accounts_resource m on m.id = c.base where c.id = self.id) as barred,
      array(select unnest(m.required_agreements) from base c join accounts_resource m
        on m.id = c.base where c.id = self.id) as agreements
    from base b join accounts_resource n on n.id = b.base where b.id = self.id
  ) strict
$$;

-- One after the other, until the commit: two changes at once, here and in what this was made from,
-- would each leave the other out. Who waits here sees what the other left.
create function accounts_settle(touched bigint[]) returns void language plpgsql as $$
declare
  fresh record;
  at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('accounts_settle', 0));
  if exists (
    with recursive back (id, up) as (
      select r.id, source from accounts_resource r, unnest(r.sources) source
        where r.id = any(touched)
      union
      select back.id, source from back join accounts_resource r on r.id = back.up,
        unnest(r.sources) source
    )
    select from back where id = up
  ) then
    raise exception 'nothing is made from itself' using errcode = 'check_violation';
  end if;
  at := clock_timestamp();
  for fresh in select * from accounts_fresh(touched) loop
    if exists (
      select 1 from accounts_standing s where s.resource_id = fresh.id and s.closed_at is null
        and (s.number, s.ancestors, s.blocked, s.hidden, s.flagged, s.classification,
          s.categories::text[], s.barred::text[], s.agreements::text[]) is not distinct from (fresh.number, fresh.ancestors,
          fresh.blocked, fresh.hidden, fresh.flagged, fresh.classification, fresh.categories,
          fresh.barred, fresh.agreements)
    ) then
      continue;
    end if;
    update accounts_standing set closed_at = at
      where resource_id = fresh.id and closed_at is null;
    insert into accounts_standing (resource_id, number, ancestors, blocked, hidden, flagged,
      classification, categories, barred, agreements, opened_at)
    values (fresh.id, fresh.number, fresh.ancestors, fresh.blocked, fresh.hidden, fresh.flagged,
      fresh.classification, fresh.categories, fresh.barred, fresh.agreements, at);
  end loop;
end $$;

create function accounts_resource_added() returns trigger language plpgsql as $$
begin
  perform accounts_settle(array(select id from added));
  return null;
end $$;

create function accounts_resource_changed() returns trigger language plpgsql as $$
begin
  perform accounts_settle(array(
    select n.id from after_change n join before_change o using (id)
    where (n.state, n.ancestors, n.number, n.sources, n.classification, n.categories,
      n.permitted_purposes, n.prohibited_purposes, n.required_agreements)
      is distinct from (o.state, o.ancestors, o.number, o.sources, o.classification, o.categories,
      o.permitted_purposes, o.prohibited_purposes, o.required_agreements)));
  return null;
end $$;

create trigger settles_added after insert on accounts_resource
  referencing new table as added for each statement execute function accounts_resource_added();
create trigger settles_changed after update on accounts_resource
  referencing old table as before_change new table as after_change
  for each statement execute function accounts_resource_changed();

-- Open and close the spells of somebody and of the services that they answer for.
create function accounts_relive(person uuid) returns void language plpgsql as $$
declare
  subject uuid;
  answers uuid;
  at timestamptz;
begin
  -- Whoever answers for it stays as they are until the commit, or is waited for.
  perform 1 from accounts_user
    where id = (select owner_id from accounts_serviceaccount where user_id = person) for share;
  at := clock_timestamp();
  for subject, answers in
    select u.id, case when u.is_active and (u.kind <> 'service' or o.is_active)
      then coalesce(o.id, u.id) end
    from accounts_user u
    left join accounts_serviceaccount s on s.user_id = u.id
    left join accounts_user o on o.id = s.owner_id
    where u.id = person or s.owner_id = person
  loop
    update accounts_spell set closed_at = at where user_id = subject and closed_at is null
      and answerable_id is distinct from answers;
    insert into accounts_spell (user_id, answerable_id, opened_at)
      select subject, answers, at where answers is not null and not exists (
        select 1 from accounts_spell where user_id = subject and closed_at is null);
  end loop;
end $$;

create function accounts_user_lives() returns trigger language plpgsql as $$
begin perform accounts_relive(new.id); return null; end $$;
create function accounts_service_lives() returns trigger language plpgsql as $$
begin perform accounts_relive(new.user_id); return null; end $$;

create trigger lives after insert or update of is_active, kind on accounts_user
  for each row execute function accounts_user_lives();
create trigger lives after insert or update on accounts_serviceaccount
  for each row execute function accounts_service_lives();
