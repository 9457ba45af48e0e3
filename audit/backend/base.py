"""PostgreSQL whose write compilers ask for the open act."""

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations

from audit.context import current


class DatabaseOperations(PostgresOperations):
    compiler_module = "audit.backend.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def savepoint(self) -> str | None:
        sid = super().savepoint()
        if sid and (act := current()):
            act.savepoints[sid] = len(act.diffs)
        return sid

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)
        if (act := current()) and sid in act.savepoints:
            del act.diffs[act.savepoints[sid] :]  # of what was not written after all
