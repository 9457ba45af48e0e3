-- A large installation, drawn by the database itself: triggers are off, so what they would derive
-- is written here too. `size` grants; a hundredth of it people, a tenth of it datasets.
set session_replication_role = replica;
set client_min_messages = warning;
create temp table sizes as select %(size)s::int as grants, greatest(%(size)s / 100, 100)::int as people,
  greatest(%(size)s / 10, 200)::int as datasets, greatest(%(size)s / 2000, 10)::int as projects,
  greatest(%(size)s / 5000, 20)::int as groups;
create temp table ids as select
  (select id from accounts_resource where kind = 'root') as root,
  (select id from accounts_user where username = 'system') as system,
  (select id from accounts_role where slug = 'member') as member,
  (select id from accounts_role where slug = 'reader') as reader;

insert into accounts_user (id, username, kind, password, is_active, date_joined, name, email, theme, shortcuts)
  select md5('user' || n)::uuid, 'user' || n, 'human', '!', true, now(), '', '', '', true
  from sizes, generate_series(1, people) n;
insert into accounts_spell (user_id, answerable_id, opened_at)
  select md5('user' || n)::uuid, md5('user' || n)::uuid, now() from sizes, generate_series(1, people) n;
insert into auth_group (id, name) select 1000 + n, 'group' || n from sizes, generate_series(1, groups) n;
-- Five groups each; one person in a hundred is in none.
insert into accounts_membership (id, opened_at, closed_at, group_id, user_id)
  select gen_random_uuid(), now(), null, 1001 + (n * 7 + k * 37) %% groups, md5('user' || n)::uuid
  from sizes, generate_series(1, people) n, generate_series(0, 4) k where n %% 100 <> 0
  on conflict do nothing;

create temp table nodes as
  select 1000000 + n as id, 'project' as kind, ids.root as parent, array[ids.root] as ancestors,
    '/p' || n || '/' as path, 'p' || n as slug, 'active' as state, '{}'::text[] as barred
  from sizes, ids, generate_series(1, projects) n
  union all
  select 2000000 + n, 'dataset', 1000001 + n %% projects, array[ids.root, 1000001 + n %% projects],
    '/p' || 1 + n %% projects || '/d' || n || '/', 'd' || n, 'published',
    case when n %% 10 = 0 then array['marketing'] else '{}' end
  from sizes, ids, generate_series(1, datasets) n;
insert into accounts_resource (id, uid, kind, parent_id, ancestors, path, slug, name, description,
    owner_id, state, classification, categories, lawful_basis, special_basis, hipaa_form,
    permitted_purposes, prohibited_purposes, required_agreements, sources, created_at)
  select n.id, md5('node' || n.id)::uuid, kind, parent, ancestors, path, slug, '', '', ids.system,
    state, 'internal', '{}', '', '', '', '{}', barred, '{}', '{}', now() from nodes n, ids;
insert into accounts_standing (resource_id, number, ancestors, blocked, hidden, flagged,
    classification, categories, barred, agreements, opened_at)
  select id, null, ancestors, '', false, false, 'internal', '{}', barred, '{}', now() from nodes;

-- Seven of ten to people, the others to groups; one in a hundred over a whole project.
create temp table given as
  select md5('grant' || n)::uuid as id, n,
    case when n %% 2 = 0 then 'reader' else 'member' end as role,
    case when n %% 10 < 7 then 1 + (hashint4(n) & 2147483647) %% people end as person,
    case when n %% 10 >= 7 then 1001 + (hashint4(n) & 2147483647) %% groups end as grp,
    case when n %% 100 = 0 then 1000001 + (hashint4(n + 1) & 2147483647) %% projects
      else 2000001 + (hashint4(n + 7) & 2147483647) %% datasets end as node
  from sizes, generate_series(1, grants) n;
insert into accounts_grant (id, role_id, user_id, group_id, resource_id, effect, purpose, starts_at,
    expires_at, new_versions, origin, reason, opened_at, opened_by_id, closed_reason)
  select g.id, case role when 'reader' then ids.reader else ids.member end,
    case when person is not null then md5('user' || person)::uuid end, grp, node, 'allow', '',
    now() - interval '1 day', case when n %% 20 = 0 then now() + interval '30 days' end, '',
    'direct', '', now() - interval '1 day', ids.system, ''
  from given g, ids;
create temp table held as
  select g.*, a.id as permission,
    case when node < 2000000 then 'project' else 'dataset' end as kind
  from given g
    join accounts_role r on r.slug = g.role
    join accounts_rolepermission p on p.role_id = r.id and p.closed_at is null
    join auth_permission a on a.codename = p.codename and a.content_type_id =
      (select id from django_content_type where app_label = 'accounts' and model = 'resource');
insert into accounts_userpermission (grant_id, user_id, permission_id, content_object_id, starts_at,
    expires_at, kind)
  select id, md5('user' || person)::uuid, permission, node, now() - interval '1 day',
    case when n %% 20 = 0 then now() + interval '30 days' end, kind
  from held where person is not null;
insert into accounts_grouppermission (grant_id, group_id, permission_id, content_object_id,
    starts_at, expires_at, kind)
  select id, grp, permission, node, now() - interval '1 day',
    case when n %% 20 = 0 then now() + interval '30 days' end, kind
  from held where grp is not null;
select setval(pg_get_serial_sequence('accounts_resource', 'id'), 10000000);
select setval(pg_get_serial_sequence('auth_group', 'id'), 1000000);
reset session_replication_role;
