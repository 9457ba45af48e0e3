"""The note that the fast path leaves before it answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.point.point import Answer
from audit.doors.middleware import address_of, printable
from gateway.notes import Note
from gateway.spool import Spool
from governance.fastpath import Application, Asked, FastPath


class Recorder:
    """Takes what needs no event of its own."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool

    def __call__(
        self, asked: Asked, answer: Answer, evaluation: UUID, environ: Mapping[str, Any]
    ) -> bool:
        asker = asked.asker
        if asked.place.restricted:
            return False
        reason, grant, role, purpose = answer
        return self.spool.note(
            Note(
                evaluation,
                asked.at / 1e6,
                asked.subject.id,
                asker.subject.id,
                asked.permission,
                asked.place.chain[0],
                purpose,
                reason,
                grant,
                role,
                address_of(environ) or "",
                told_agent(environ.get("HTTP_USER_AGENT", "")[:200]),
                asker.kid,
            )
        )


@lru_cache(1000)
def told_agent(text: str) -> str:
    return printable(text)


def fast(application: Application) -> FastPath:
    """The application with the fast path before it."""
    return FastPath(application, Recorder(Spool(settings.SPOOL_ROOT)))
