"""Which parts of which events are one person's: a plan that two people see, and its execution."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from audit.seal.erased import digest
from audit.seal.finding import FIND, values
from audit.seal.person import Person

LISTED = 200  # mentions in free text that one plan asks somebody about, beside those chosen
SIZE = "select coalesce(max(seq) + 1, 0) from audit_leaf"
HELD = """
select h.path, count(*) from audit_leaf l
  join audit_event e on (e.id, e."timestamp") = (l.event_id, l.at)
  join audit_holds() h on h.path = '/' or starts_with(e.resource_path, h.path)
    or e.resource_id = any(h.resources)
 where l.seq = any(%s) group by 1 order by 1
"""
UIDS = "select seq, uid from audit_leaf where seq = any(%s)"
THEIRS = """
select l.seq from audit_leaf l join audit_event e on (e.id, e."timestamp") = (l.event_id, l.at)
 where l.seq = any(%(seqs)s)
   and (e.actor_id = %(id)s or lower(e.on_behalf_of) = any(%(unique)s)
        or (e.content_type_id, e.object_pk) in (
          select type, pk from unnest(%(types)s::int[], %(pks)s::text[]) as own (type, pk)))
 order by 1 limit 1
"""
SEALED = """
select e.data ->> 'digest' from audit_event e
  join audit_leaf l on (l.event_id, l.at) = (e.id, e."timestamp")
 where e.verb = 'trail.plan_erasure' and e.kind = 'act' and e.outcome = 'ok' and e.object_pk = %s
 order by l.seq desc limit 1
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
        others = sorted(self.mentions)
        return {
            "digest": self.digest,
            "size": self.size,
            "who": dict(Counter(self.who.values()).most_common()),
            "what": dict(Counter(self.what.values()).most_common()),
            "mentions": [*self.chosen, *others[:LISTED]],
            "unlisted": len(others[LISTED:]),
            "chosen": self.chosen,
        }


def size() -> int:
    with connection.cursor() as cursor:
        cursor.execute(SIZE)
        return int(cursor.fetchone()[0])


def plan(person: Person, chosen: list[int], upto: int) -> Plan:
    """Of the first `upto` leaves: the same for whoever makes it again."""
    who, what, mentions, later = {}, {}, {}, 0
    wanted = set(chosen)
    with connection.cursor() as cursor:
        cursor.execute(FIND, values(person))
        for seq, verb, by_them, of_them, mentioned in cursor:
            if seq is None or seq >= upto:
                later += bool(by_them or of_them)
                continue
            if by_them:
                who[seq] = verb
            if of_them or (mentioned and seq in wanted):
                what[seq] = verb
            elif mentioned:
                mentions[seq] = verb
    taken = sorted(seq for seq in wanted if seq in what)
    return Plan(upto, who, what, mentions, taken, later)


def held(parts: Plan) -> list[tuple[str, int]]:
    """Open holds, and how many of these records each covers."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [[*parts.who, *parts.what]])
        return list(cursor.fetchall())


def sealed_plan(erasure: UUID) -> str:
    """The digest of the newest plan that the seal holds: what the database compares with."""
    with connection.cursor() as cursor:
        cursor.execute(SEALED, [str(erasure)])
        found = cursor.fetchone()
    return found[0] if found else ""


def involving(seqs: list[int], one: Person) -> int | None:
    """The first of these records that this person wrote, or that tells of something of theirs."""
    with connection.cursor() as cursor:
        cursor.execute(THEIRS, {"seqs": seqs, **values(one)})
        found = cursor.fetchone()
    return found[0] if found else None


def uids(seqs: list[int]) -> dict[int, UUID]:
    with connection.cursor() as cursor:
        cursor.execute(UIDS, [seqs])
        return dict(cursor.fetchall())


def erase(erasure: UUID, parts: Plan) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REDACT, [erasure, list(parts.who), list(parts.what)])
        done = cursor.fetchone()[0]
    if done != len(parts.who) + len(parts.what):
        raise RuntimeError("somebody else redacts at this moment: try again")
