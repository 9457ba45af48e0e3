-- What a decision rests on has changed: said by name, to whoever remembers answers.
--
-- A token names what changed ('u:' subject, 'n:' its name, 'g:' group, 'r:' standing, 'a:' address,
-- 'k:' key or secret; '*' everything) and falls into a slot, the same here and in
-- accounts/point/stamps.py. Slots leave twice: as NOTIFY for every listener, and in the setting
-- gate.touched for the act that wrote, which stamps its own host before it answers.

create function accounts_slot(token text) returns integer language sql immutable as $$
  select 64 + (crc32(convert_to(token, 'UTF8')) & 262143)::integer
$$;

create function accounts_touch(tokens text[]) returns void language plpgsql as $$
declare
  so_far text := coalesce(current_setting('gate.touched', true), '');
  slots text;
begin
  if cardinality(tokens) = 0 or so_far = '*' then return; end if;
  if cardinality(tokens) <= 500 and '*' <> all(tokens) then
    select string_agg(distinct accounts_slot(token)::text, ',') into slots from unnest(tokens) token;
  end if;
  so_far := concat_ws(',', nullif(so_far, ''), slots);
  if slots is null or length(so_far) > 4000 then
    so_far := '*';  -- and said to every listener: from here on this transaction says no more
    slots := '*';
  end if;
  perform pg_notify('accounts_touched', slots);
  perform set_config('gate.touched', so_far, true);
end $$;

-- Watch a table: `tokens` is a query over `changed`, the rows as they were and as they are.
create function accounts_watch(watched text, tokens text) returns void language plpgsql as $$
begin
  execute format($f$
    create function %1$I() returns trigger language plpgsql as $t$
    begin
      if tg_op = 'INSERT' then
        perform accounts_touch(array(with changed as (select * from is_now) %2$s));
      elsif tg_op = 'DELETE' then
        perform accounts_touch(array(with changed as (select * from was) %2$s));
      elsif tg_op = 'UPDATE' then
        perform accounts_touch(array(with changed as (
          select * from was union all select * from is_now) %2$s));
      else
        perform accounts_touch('{*}');
      end if;
      return null;
    end $t$;
    create trigger touched_insert after insert on %3$I referencing new table as is_now
      for each statement execute function %1$I();
    create trigger touched_update after update on %3$I
      referencing old table as was new table as is_now
      for each statement execute function %1$I();
    create trigger touched_delete after delete on %3$I referencing old table as was
      for each statement execute function %1$I();
    create trigger touched_truncate after truncate on %3$I
      for each statement execute function %1$I();
  $f$, watched || '_touched', tokens, watched);
end $$;

select accounts_watch(watched, tokens) from (values
  ('accounts_userpermission', $$select distinct 'u:' || user_id from changed$$),
  ('accounts_grouppermission', $$select distinct 'g:' || group_id from changed$$),
  ('accounts_grant', $$select distinct coalesce('u:' || user_id, 'g:' || group_id) from changed$$),
  ('accounts_suspension', $$select distinct coalesce('u:' || user_id, 'g:' || group_id)
    from changed join accounts_grant g on g.id = changed.grant_id$$),
  ('accounts_membership', $$select distinct 'u:' || user_id from changed$$),
  ('accounts_signature', $$select distinct 'u:' || user_id from changed$$),
  ('accounts_spell', $$select distinct 'u:' || user_id from changed$$),
  ('accounts_user', $$select 'u:' || id from changed union select 'n:' || username from changed$$),
  ('accounts_standing', $$select distinct 'r:' || resource_id from changed$$),
  ('accounts_resource', $$select 'a:' || path from changed union select 'a:' || uid from changed$$),
  ('accounts_apikey', $$select distinct 'k:' || id from changed$$),
  ('accounts_apikeysecret', $$select distinct 'k:' || kid from changed$$),
  ('accounts_rolepermission', $$select '*' from changed limit 1$$),
  ('accounts_role', $$select '*' from changed limit 1$$),
  ('accounts_agreement', $$select '*' from changed limit 1$$),
  ('auth_group', $$select distinct 'g:' || id from changed$$)
) as table_tokens (watched, tokens);
