"""The three statements that every ORM write ends in; each needs an open act, and notes its rows."""

from typing import Any

from django.db.backends.postgresql import compiler as postgres
from django.db.models.sql import compiler as base

from audit.backend.keys import deleted, inserted
from audit.backend.told import require_told
from audit.context import Undiffed, current, is_governed, leaves_diffs, require_act, touch

# Django looks these two up by name in this module.
SQLCompiler = postgres.SQLCompiler
SQLAggregateCompiler = base.SQLAggregateCompiler


class SQLInsertCompiler(postgres.SQLInsertCompiler):
    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        require_act(self.query.model)
        for row in self.query.objs:
            touch(row)
        return super().as_sql(*args, **kwargs)

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        returned = super().execute_sql(*args, **kwargs)
        if (act := current()) and leaves_diffs(self.query.model):
            act.inserted += inserted(self.query, self.returning_fields or [], returned)
        return returned


class SQLUpdateCompiler(base.SQLUpdateCompiler):
    """`save()` names no model beside its values; `update()` and SET_NULL do, and send no signal."""

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        model: Any = self.query.model
        require_act(model)
        query: Any = self.query
        in_bulk = any(named is not None for _, named, _ in query.values)
        if in_bulk and is_governed(model):
            raise Undiffed(f"{model._meta.label}: save each row, update() leaves no diff")
        if (act := current()) and not in_bulk and leaves_diffs(model):
            require_told(query, act)
        return super().as_sql(*args, **kwargs)


class SQLDeleteCompiler(base.SQLDeleteCompiler):
    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        require_act(self.query.model)
        return super().as_sql(*args, **kwargs)

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        number = super().execute_sql(*args, **kwargs)
        if number and (act := current()) and leaves_diffs(self.query.model):
            act.deleted += deleted(self.query)
        return number
