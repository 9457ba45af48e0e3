"""Base of every model whose rows change through actions only, each change with its diff."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from functools import cache
from typing import Any, ClassVar, NoReturn, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from audit.conditions import together
from audit.context import Undiffed, current, touch
from audit.plain import plain_line

M = TypeVar("M", bound=models.Model)

# The model whose row is being saved in an act, and its tables that are written.
_saving: ContextVar[tuple[Any, tuple[str, ...]]] = ContextVar("saving", default=(None, ()))


class GovernedQuerySet(models.QuerySet[M]):
    """Refuses the bulk writes that send no signal and so would leave no diff."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Undiffed(f"{self.model._meta.label}: save each row, bulk writes leave no diff")

    update = bulk_create = bulk_update = _raw_delete = _refuse

    def first(self) -> M | None:
        """So a diff reads what it compares with: locked as it is read, nobody changes it between
        its diff and its write."""
        model, tables = _saving.get()
        if model is self.model:
            query = self.query
            query.select_for_update = query.select_for_no_key_update = True
            query.select_for_update_of = tables
        return super().first()


class Governed(models.Model):
    """A row with a history. `secret_fields` never enter the trail."""

    secret_fields: ClassVar[frozenset[str]] = frozenset()
    # How to find the person whose name stands in the name of this row: what is theirs to erase.
    named_after: ClassVar[str] = ""

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        for field in self._meta.concrete_fields:
            value = self.__dict__.get(field.attname)
            if hasattr(value, "resolve_expression"):
                raise Undiffed(f"{self._meta.label}.{field.name}: set a value, not an expression")
        if self._state.adding:
            # Model(pk=existing).save() would rewrite a row, or its parent's, and leave no diff.
            kwargs["force_insert"] = (models.Model,)
        touch(self)
        if (only := kwargs.get("update_fields")) is not None:
            only = kwargs["update_fields"] = frozenset(only)
        model = type(self) if current() and not self._state.adding else None
        token = _saving.set((model, written(type(self), only)))
        try:
            super().save(*args, **kwargs)
        finally:
            _saving.reset(token)

    def clean_fields(self, exclude: Any = None) -> None:
        """Every line that somebody types is one that can be read as it is."""
        errors: dict[str, Any] = {}
        try:
            super().clean_fields(exclude)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        for field in self._meta.concrete_fields:
            if isinstance(field, models.CharField) and field.name not in {
                *(exclude or ()),
                *errors,
            }:
                try:
                    plain_line(str(getattr(self, field.attname)))
                except ValidationError as error:
                    errors[field.name] = error.error_list
        if errors:
            raise ValidationError(errors)

    def get_constraints(self) -> list[tuple[type[models.Model], Sequence[models.BaseConstraint]]]:
        return [(model, together(model)) for model, _ in super().get_constraints()]

    @property
    def resource_path(self) -> str:
        """The resource that a decision must be about before this row may change."""
        return "/"


@cache
def written(model: type[models.Model], only: frozenset[str] | None) -> tuple[str, ...]:
    """Which tables of its line a save writes, in the order in which it does: the root's first."""
    above = line(model)
    if not above:
        return ()  # the only one there is
    return tuple(
        name
        for name, table in {**above, "self": model._meta.concrete_model}.items()
        if not only or any({f.name, f.attname} & only for f in table._meta.local_concrete_fields)
    )


def line(model: type[models.Model], way: str = "") -> dict[str, Any]:
    """What multi-table inheritance stands on, by its names in a query of the model."""
    found: dict[str, Any] = {}
    for parent, link in model._meta.parents.items():
        if link:
            found |= {**line(parent, f"{way}{link.name}__"), f"{way}{link.name}": parent}
    return found
