"""Where in the trail one person stands: as who did it, as what it tells of, or by a word."""

from __future__ import annotations

import json
import re
from typing import Any

from audit.seal.erased import REDACTION
from audit.seal.person import Person

# `who`: by their id. `what`: rows of theirs by type and number, typed fields by the whole value.
# Words that stand anywhere else may be anybody's, or mere vocabulary: a person decides on each.
# Most rows are done with once the text of the whole says nothing.
# Of JSON only the values are somebody's words: `id` may be a name, and is a key of every row.
# What redaction itself wrote names nobody, and has to stay readable as the reason for the gaps.
FIND = """
select seq, verb, by_them, of_them, mentioned from (
  select l.seq, e.verb, e.id,
         l.who_gone is null and (
           coalesce(e.actor_id = %(id)s, false)
           or e.actor_id is null and e.verb = 'session.open'  -- tried, and not proved to be them
             and (lower(e.actor_repr) = any(%(unique)s)
                  or e.content_type_id = %(type)s and e.object_pk = %(id)s::text)
           or lower(e.on_behalf_of) = any(%(unique)s)) as by_them,
         l.what_gone is null and (
           coalesce((e.content_type_id, e.object_pk) in (
             select type, pk from unnest(%(types)s::int[], %(pks)s::text[]) as own (type, pk)),
             false)
           or e.kind = 'out_of_band' and e.object_repr = %(table)s and e.object_pk = %(id)s::text
           or lower(e.object_repr) = any(%(emails)s)
           or lower(e.message) = any(%(searches)s)
           or coalesce(lower(e.data ->> 'asked_by') = any(%(unique)s), false)
           or e.content_type_id is distinct from %(type)s and exists (
             select from jsonb_each(
               case jsonb_typeof(e.changes) when 'object' then e.changes else '{}' end)
                 as field (name, pair)
              where name in ('username', 'email')
                and (lower(pair ->> 0) = any(%(unique)s) or lower(pair ->> 1) = any(%(unique)s)))
         ) as of_them,
         l.what_gone is null and case when written like any(%(parts)s) then (
           select lower(concat_ws(E'\\n', e.object_repr, e.message, string_agg(
             value #>> '{}', E'\\n')) collate pg_c_utf8) ~ %(pattern)s
             from jsonb_path_query(jsonb_build_array(e.changes, e.data), 'strict $.**') as value
            where jsonb_typeof(value) not in ('object', 'array')) else false end as mentioned
    from audit_event e left join audit_leaf l on (l.event_id, l.at) = (e.id, e."timestamp")
         cross join lateral (select lower(concat_ws(E'\\n', e.object_repr, e.message,
           e.changes::text, e.data::text) collate pg_c_utf8) as written offset 0) as plain
   where e.verb <> %(redaction)s) as found
 where by_them or of_them or mentioned
 order by id
"""


def values(person: Person) -> dict[str, Any]:
    unique = [*person.names, *person.emails]
    return {
        "id": person.pk,
        "type": person.type,
        "table": person.table,
        "emails": person.emails,
        "unique": unique,
        "searches": [*person.emails, *(f"actor:{name}" for name in unique)],
        "types": [kind for kind, _ in person.rows],
        "pks": [pk for _, pk in person.rows],
        "parts": [f"%{part(said)}%" for word in person.words for said in (word, quoted(word))],
        "pattern": person.pattern,
        "redaction": REDACTION,
    }


def quoted(word: str) -> str:
    """As it stands inside a JSON text."""
    return json.dumps(word, ensure_ascii=False)[1:-1]


def part(word: str) -> str:
    """As LIKE takes it for itself."""
    return re.sub(r"([\\%_])", r"\\\1", word)
