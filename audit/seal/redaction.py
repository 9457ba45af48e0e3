"""Which parts of which events are one person's: a plan that two people see, and its execution."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from audit.seal.erased import REDACTION, digest
from audit.seal.person import Person

LISTED = 200  # mentions in free text that one plan asks somebody about
SIZE = "select coalesce(max(seq) + 1, 0) from audit_leaf"
# `who`: by their id. `what`: rows of theirs by type and number, typed fields by the whole value.
# Words that stand anywhere else may be anybody's, or mere vocabulary: a person decides on each.
# What redaction itself wrote names nobody, and has to stay readable as the reason for the gaps.
FIND = """
select seq, verb, by_them, of_them, mentioned from (
  select l.seq, e.verb, e.id,
         l.who_gone is null and (
           coalesce(e.actor_id = %(id)s, false)
           or e.actor_id is null and e.verb = 'session.open'
             and lower(e.actor_repr) = any(%(unique)s)
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
         l.what_gone is null and lower(concat_ws(
           E'\\n', e.object_repr, e.message, e.changes::text, e.data::text)) ~ %(pattern)s
           as mentioned
    from audit_event e left join audit_leaf l on (l.event_id, l.at) = (e.id, e."timestamp")
   where e.verb <> %(redaction)s) as found
 where by_them or of_them or mentioned
 order by id
"""
HELD = """
select h.path, count(*) from audit_leaf l
  join audit_event e on (e.id, e."timestamp") = (l.event_id, l.at)
  join audit_hold h on h.lifted_at is null
    and (h.path = '/' or starts_with(e.resource_path, h.path))
 where l.seq = any(%s) group by 1 order by 1
"""
UIDS = """
select e.uid from audit_leaf l join audit_event e on (e.id, e."timestamp") = (l.event_id, l.at)
 where l.seq = any(%s)
"""
REDACT = "select trail_redact(%s, %s, %s)"


@dataclass(frozen=True)
class Plan:
    """Leaves whose `who` or `what` is to go; the mentions that nobody chose; what came later."""

    size: int
    who: dict[int, str]
    what: dict[int, str]
    mentions: dict[int, str]
    chosen: list[int]
    later: int

    @property
    def digest(self) -> str:
        return digest(list(self.who), list(self.what))

    def told(self) -> dict[str, Any]:
        """What stands in the trail of it: how many of which kind, and a digest of exactly which."""
        listed = sorted([*self.mentions, *self.chosen])[:LISTED]
        return {
            "digest": self.digest,
            "size": self.size,
            "who": dict(Counter(self.who.values()).most_common()),
            "what": dict(Counter(self.what.values()).most_common()),
            "mentions": listed,
            "unlisted": len(self.mentions) + len(self.chosen) - len(listed),
            "chosen": self.chosen,
        }


def size() -> int:
    with connection.cursor() as cursor:
        cursor.execute(SIZE)
        return int(cursor.fetchone()[0])


def plan(person: Person, chosen: list[int], upto: int) -> Plan:
    """Of the first `upto` leaves: the same for whoever makes it again."""
    who, what, mentions, later = {}, {}, {}, 0
    with connection.cursor() as cursor:
        cursor.execute(FIND, values(person))
        for seq, verb, by_them, of_them, mentioned in cursor:
            if seq is None or seq >= upto:
                later += bool(by_them or of_them)
                continue
            if by_them:
                who[seq] = verb
            if of_them or (mentioned and seq in chosen):
                what[seq] = verb
            elif mentioned:
                mentions[seq] = verb
    taken = sorted(seq for seq in set(chosen) if seq in what)
    return Plan(upto, who, what, mentions, taken, later)


def values(person: Person) -> dict[str, Any]:
    # Whole words: the characters of names and addresses do not end one.
    every = "|".join(re.escape(word) for word in person.words)
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
        "pattern": rf"(?<![\w.@+-])({every})(?![\w@+-])",
        "redaction": REDACTION,
    }


def held(parts: Plan) -> list[tuple[str, int]]:
    """Open holds, and how many of these records each covers."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [[*parts.who, *parts.what]])
        return list(cursor.fetchall())


def uids(seqs: list[int]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(UIDS, [seqs])
        return [row[0] for row in cursor.fetchall()]


def erase(erasure: UUID, parts: Plan) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REDACT, [erasure, list(parts.who), list(parts.what)])
        done = cursor.fetchone()[0]
    if done != len(parts.who) + len(parts.what):
        raise RuntimeError("somebody else redacts at this moment: try again")
