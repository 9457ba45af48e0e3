"""PostgreSQL whose write compilers ask for the open act."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations

from audit.context import Act, current

ONLY_WHEN_TOLD = 1 << 30  # uses of a statement before it is prepared without being told


class DatabaseOperations(PostgresOperations):
    compiler_module = "audit.backend.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        """Django's own default prepares nothing, not even what asks for it (`prepare=True`)."""
        params: dict[str, Any] = super().get_connection_params()
        if params["prepare_threshold"] is None:
            params["prepare_threshold"] = ONLY_WHEN_TOLD
        return params

    def savepoint(self) -> str | None:
        sid = super().savepoint()
        if sid and (act := self.act()):
            act.remember(sid)
        return sid

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)
        if act := self.act():
            act.forget_since(sid)

    def act(self) -> Act | None:
        """Savepoints of other connections have the same names: an act is written through one."""
        return current() if self.alias == DEFAULT_DB_ALIAS else None
