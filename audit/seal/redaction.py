"""Which parts of which events tell of one person, and their erasure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from audit.seal.erased import REDACTION, digest

# By whom, as a row of their own, or by a name that stands in the text of somebody else's event.
# What redaction itself wrote names nobody, and has to stay readable as the reason for the gaps.
FIND = """
select l.seq, e.actor_id = %(id)s or lower(e.actor_repr) = any(%(names)s)
                or lower(e.on_behalf_of) = any(%(names)s),
       e.content_type_id = %(type)s and e.object_pk = %(id)s::text
         or e.object_repr ~* %(pattern)s or e.message ~* %(pattern)s
         or coalesce(e.changes::text ~* %(pattern)s, false) or e.data::text ~* %(pattern)s,
       l.who_gone is not null, l.what_gone is not null
  from audit_event e left join audit_leaf l on (l.event_id, l.at) = (e.id, e."timestamp")
 where e.verb <> %(redaction)s
"""
REDACT = "select trail_redact(%s, %s, %s)"


@dataclass(frozen=True)
class Parts:
    """Leaves whose `who` or `what` is to go; and how many events have no leaf yet."""

    who: list[int]
    what: list[int]
    unsealed: int

    @property
    def digest(self) -> str:
        return digest(self.who, self.what)


def find(person: UUID, content_type: int, names: Iterable[str]) -> Parts:
    known = sorted({name.lower() for name in names if name})
    # Whole words: the characters of names and addresses do not end one.
    every = "|".join(re.escape(name) for name in known)
    values: dict[str, Any] = {
        "id": person,
        "type": content_type,
        "names": known,
        "pattern": rf"(?<![\w.@+-])({every})(?![\w@+-])",
        "redaction": REDACTION,
    }
    who, what, unsealed = [], [], 0
    with connection.cursor() as cursor:
        cursor.execute(FIND, values)
        for seq, acted, named, who_gone, what_gone in cursor:
            if seq is None:
                unsealed += bool(acted or named)
                continue
            if acted and not who_gone:
                who.append(seq)
            if named and not what_gone:
                what.append(seq)
    return Parts(sorted(who), sorted(what), unsealed)


def erase(act: UUID, parts: Parts) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REDACT, [act, parts.who, parts.what])
        done = cursor.fetchone()[0]
    if done != len(parts.who) + len(parts.what):
        raise RuntimeError("somebody else redacts at this moment: try again")
