"""The three statements that every ORM write ends in; each needs an open act."""

from typing import Any

from django.db.backends.postgresql import compiler as postgres
from django.db.models.sql import compiler as base

from audit.context import UNGOVERNED, Undiffed, require_act, touch

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
    """`save()` names no model beside its values; `update()` and SET_NULL do, and send no signal."""

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        model: Any = self.query.model
        require_act(model)
        query: Any = self.query
        in_bulk = any(named is not None for _, named, _ in query.values)
        if in_bulk and model.__module__ != "__fake__" and model._meta.db_table not in UNGOVERNED:
            raise Undiffed(f"{model._meta.label}: save each row, update() leaves no diff")
        return super().as_sql(*args, **kwargs)


class SQLDeleteCompiler(base.SQLDeleteCompiler):
    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        require_act(self.query.model)
        return super().as_sql(*args, **kwargs)
