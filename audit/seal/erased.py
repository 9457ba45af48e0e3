"""What redaction erased: blank now, and named by the sealed act that erased it."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.db import connection

WHO, WHAT = "who", "what"
REDACTION = "trail.redact"
# Sealed, or so young that no sealer has come by; and before it somebody else's sealed plan of that.
ACTS = """
select distinct e.act::text, e.data ->> 'digest' from audit_event e
  left join audit_leaf l on (l.event_id, l.at) = (e.id, e."timestamp")
  join audit_event p on (p.content_type_id, p.object_pk) = (e.content_type_id, e.object_pk)
  join audit_leaf pl on (pl.event_id, pl.at) = (p.id, p."timestamp")
 where e.verb = 'trail.redact' and e.kind = 'act' and e.outcome = 'ok'
   and (l.seq is not null or abs(extract(epoch from now() - e."timestamp")) < 600)
   and p.verb = 'trail.plan_erasure' and p.kind = 'act' and p.outcome = 'ok'
   and p.data ->> 'digest' = e.data ->> 'digest' and p.actor_id <> e.actor_id
   and p."timestamp" < e."timestamp" and (l.seq is null or pl.seq < l.seq)
"""
ACT = f"{ACTS} and e.act = %(act)s"
# What of it leaves with a month, for whoever signs that it left.
LEAVING = f"""{ACTS} and (e."timestamp" >= %(first)s and e."timestamp" < %(end)s
  or p."timestamp" >= %(first)s and p."timestamp" < %(end)s) order by 1
"""
UNSAID = "was erased, and no sealed plan and redaction say so"
Tell = Callable[..., None]


def line(seq: int, part: str) -> bytes:
    return f"{seq} {part}\n".encode()


def digest(who: list[int], what: list[int]) -> str:
    """Over every erased part in the order of the leaves, as whoever verifies meets them."""
    every = sorted([*((seq, WHO) for seq in who), *((seq, WHAT) for seq in what)])
    order = sorted(every, key=lambda one: (one[0], one[1] == WHAT))
    return sha256(b"".join(line(*one) for one in order)).hexdigest()


class Erased:
    """Collects by act what is gone, and at the end asks each act whether it was that."""

    def __init__(self) -> None:
        self.count = 0
        self.acts: dict[str, Any] = {}
        self.first: dict[str, tuple[int, str]] = {}

    def see(self, row: Any, event: Any, tell: Tell) -> None:
        seq, uid, who, what = row[0], row[1], row[4] is None, row[6] is None
        for gone, act, part in ((who, row[9], WHO), (what, row[10], WHAT)):
            if gone and act is None:
                tell(UNSAID, seq, uid)
            elif gone:
                self.count += 1
                self.acts.setdefault(act, sha256()).update(line(seq, part))
                self.first.setdefault(act, (seq, uid))
        if event is None:  # it left with its month
            return
        if (who and any(event[17:21])) or (what and tuple(event[21:]) != ("", "", None, "{}")):
            tell("was written to after it was redacted", seq, uid)

    def settle(self, tell: Tell, signed: set[tuple[str, str]], *, whole: bool) -> None:
        """`signed`: acts and their digests, of retired months."""
        for act, seen in self.acts.items():
            said = {digest for one, digest in signed if one == act}
            said |= {digest for _, digest in lawful(ACT, act=act)}
            # Of a part one can only say that there was such an act: it erased elsewhere too.
            if not said or (whole and said != {seen.hexdigest()}):
                tell(UNSAID, *self.first[act])


def lawful(which: str, **values: Any) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(which, values)
        return list(cursor.fetchall())
