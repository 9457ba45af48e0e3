"""The three statements that every ORM write ends in; each needs an open act."""

from typing import Any

from django.db.backends.postgresql import compiler as postgres
from django.db.models.sql import compiler as base

from audit.context import require_act, touch

# Django looks these two up by name in this module.
SQLCompiler = postgres.SQLCompiler
SQLAggregateCompiler = base.SQLAggregateCompiler


class SQLInsertCompiler(postgres.SQLInsertCompiler):
    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        require_act(self.query.model)
        for row in self.query.objs:
            touch(row)
        return super().as_sql(*args, **kwargs)


class SQLUpdateCompiler(base.SQLUpdateCompiler):
    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        require_act(self.query.model)
        return super().as_sql(*args, **kwargs)


class SQLDeleteCompiler(base.SQLDeleteCompiler):
    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        require_act(self.query.model)
        return super().as_sql(*args, **kwargs)
