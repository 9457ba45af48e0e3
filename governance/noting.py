"""What the fast path may answer, and the note that it leaves before it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from accounts.point import point
from accounts.point.point import Answer
from accounts.point.stamps import ALL
from audit.doors.middleware import address_of, printable
from gateway import queries
from gateway.spool import Note, Spool
from governance.fastpath import Application, Asked, FastPath


class Recorder:
    """Takes what needs no event of its own and no rule that an admin wrote."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.stamp = 0
        self.written: frozenset[tuple[str, str]] = frozenset()

    def __call__(
        self, asked: Asked, answer: Answer, evaluation: str, environ: Mapping[str, Any]
    ) -> bool:
        if asked.restricted or (asked.kind, asked.permission) in self.exceptions():
            return False
        reason, grant, role, purpose = answer
        return self.spool.note(
            Note(
                evaluation,
                asked.at / 1e6,
                str(asked.subject),
                str(asked.asker),
                asked.permission,
                asked.resource,
                purpose,
                reason,
                str(grant or ""),
                role,
                address_of(environ) or "",
                printable(environ.get("HTTP_USER_AGENT", ""))[:200],
                asked.kid,
            )
        )

    def exceptions(self) -> frozenset[tuple[str, str]]:
        """Types and actions with an alias or a condition; known until anything of all changes."""
        remembered = point.current()
        if remembered is None:
            return self.written
        stamp = remembered.view[ALL]
        if stamp != self.stamp:
            self.written, self.stamp = queries.exceptions(), stamp
        return self.written


def fast(application: Application) -> FastPath:
    """The application with the fast path before it."""
    return FastPath(application, Recorder(Spool(settings.SPOOL_ROOT)))
