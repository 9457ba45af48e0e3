"""What is noted of one answer, as a line of JSON."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import orjson


@dataclass
class Note:
    """One answer: who was told what about whom."""

    evaluation: UUID
    at: float  # seconds of the epoch
    subject: UUID
    asker: UUID
    permission: str
    resource: int
    purpose: str
    reason: str
    grant: UUID | None = None
    role: str = ""
    address: str = ""
    agent: str = ""
    key: str = ""  # the id of the asker's key

    @classmethod
    def read(cls, line: bytes) -> Note:
        found = orjson.loads(line)
        ids = {name: UUID(found[name]) for name in ("evaluation", "subject", "asker")}
        return cls(**found | ids)
