"""Search at ten million events: words and tags in one inverted index, an ordered index a filter."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models

from audit.gate import Gate

# The collation is the server's own (PostgreSQL 17 and later), so that letters and their case are
# the same on every machine. Tags are whole lexemes: no text that a person types parses into them.
# What was searched for is no word of that event: else each search would find those before it.
WORDS = """
create function audit_plain(text) returns text
  language sql immutable parallel safe strict as $$
  select regexp_replace(lower($1 collate pg_c_utf8), '[^[:alnum:]]+' collate pg_c_utf8, ' ', 'g')
$$;

create function audit_query(asked text, beginning boolean default false) returns tsquery
  language sql immutable parallel safe strict as $$
  select case when beginning
    then to_tsquery('pg_catalog.simple',
      replace(trim(audit_plain(asked)), ' ', ' <-> ') || ':*')
    else phraseto_tsquery('pg_catalog.simple', audit_plain(asked)) end
$$;

create function audit_words(verb text, actor text, object text, path text, message text,
    purpose text, key text, door text, event_class text, changes jsonb) returns tsvector
  language sql immutable parallel safe as $$
  select to_tsvector('pg_catalog.simple',
      public.audit_plain(
        verb || ' ' || actor || ' ' || object || ' ' || path || ' '
        || case when starts_with(verb, 'trail.') then '' else message end))
    || array_to_tsvector(array_remove(array[
      'door:' || door, 'class:' || event_class,
      'purpose:' || nullif(purpose, ''), 'key:' || nullif(key, '')], null))
    || case when changes is null then ''::tsvector else array_to_tsvector(array(
      select left('changed:' || name, 200)
        from jsonb_object_keys(case jsonb_typeof(changes) when 'object' then changes else '{}' end)
          as name)) end
$$;

drop index audit_event_words;
alter table audit_event alter column words set expression as (audit_words(
  verb, actor_repr, object_repr, resource_path, message, purpose, key, door, event_class, changes));
"""
UNWORDS = """
drop index audit_event_words;
alter table audit_event alter column words set expression as (to_tsvector('simple'::regconfig,
  coalesce(verb, '') || ' ' || coalesce(actor_repr, '') || ' ' || coalesce(object_repr, '')
  || ' ' || coalesce(resource_path, '') || ' ' || coalesce(message, '')));
create index audit_event_words on audit_event using gin (words);
drop function audit_words, audit_query, audit_plain;
"""

# The pattern classes carry equality and beginnings alike. Diffs are searched by `changed:` only.
INDEXES = """
drop index audit_event_actor, audit_event_verb;
create index audit_event_actor on audit_event
  (actor_repr varchar_pattern_ops, "timestamp" desc, id desc);
create index audit_event_verb on audit_event
  (verb varchar_pattern_ops, "timestamp" desc, id desc);
create index audit_event_path on audit_event
  (resource_path text_pattern_ops, "timestamp" desc, id desc) where kind <> 'change';
create index audit_event_object on audit_event
  (content_type_id, object_pk, "timestamp" desc, id desc);
create index audit_event_address on audit_event
  (remote_addr, "timestamp" desc, id desc) where kind <> 'change' and remote_addr is not null;
create index audit_event_names on audit_event using gin (upper(object_repr) gin_trgm_ops)
  where kind <> 'change';
create index audit_event_changes on audit_event using gin (changes jsonb_path_ops)
  where changes is not null;
create index audit_event_words on audit_event using gin (words) with (gin_pending_list_limit = 1024);
"""
UNINDEXES = """
drop index audit_event_changes, audit_event_names, audit_event_address, audit_event_object,
  audit_event_path, audit_event_verb, audit_event_actor;
create index audit_event_actor on audit_event (actor_id, "timestamp" desc, id desc);
create index audit_event_verb on audit_event (verb, "timestamp" desc, id desc);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_seal_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(WORDS, UNWORDS)],
            state_operations=[
                migrations.AlterField(
                    model_name="event",
                    name="words",
                    field=models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            "verb", "actor_repr", "object_repr", "resource_path", "message",
                            "purpose", "key", "door", "event_class", "changes",
                            function="audit_words",
                        ),
                        output_field=SearchVectorField(),
                    ),
                ),
            ],
        ),
        migrations.RunSQL(INDEXES, UNINDEXES),
        migrations.CreateModel(
            name="SinkCursor",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("floor", models.BigIntegerField(default=0)),
                ("above", ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ("horizon", models.BigIntegerField(default=0)),
                ("horizon_xmax", models.BigIntegerField(default=0)),
                ("horizon_at", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("retry_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("delivered", models.BigIntegerField(default=0)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("query", models.CharField(blank=True, max_length=500)),
                ("format", models.CharField(choices=[("jsonl", "JSON lines"), ("csv", "CSV"), ("ocsf", "OCSF 1.8.0"), ("ecs", "Elastic Common Schema"), ("cef", "CEF"), ("proof", "Proofs of what is sealed")], max_length=8)),
                ("state", models.CharField(choices=[("queued", "waiting"), ("done", "ready"), ("cancelled", "cancelled"), ("failed", "failed")], default="queued", max_length=10)),
                ("scope", models.JSONField(blank=True, null=True)),
                ("asked_at", models.DateTimeField()),
                ("manifest", models.JSONField(blank=True, default=dict)),
                ("owner", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ["-asked_at", "-uid"], "default_permissions": (), "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            name="SavedSearch",
            fields=[
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(max_length=500)),
                ("shared", models.BooleanField(default=False)),
                ("owner", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["name", "uid"],
                "default_permissions": (),
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("owner", "name"), name="saved_search_once", violation_error_code="conflict", violation_error_message="You have a search of this name already.")],
            },
        ),
        Gate("audit_export"),
        Gate("audit_savedsearch"),
    ]
