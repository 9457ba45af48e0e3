"""Base of every model whose rows change through actions only, each change with its diff."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from audit.context import Undiffed, touch
from audit.plain import plain_line

M = TypeVar("M", bound=models.Model)


class GovernedQuerySet(models.QuerySet[M]):
    """Refuses the bulk writes that send no signal and so would leave no diff."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Undiffed(f"{self.model._meta.label}: save each row, bulk writes leave no diff")

    update = bulk_create = bulk_update = _raw_delete = _refuse


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
        super().save(*args, **kwargs)

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

    @property
    def resource_path(self) -> str:
        """The resource that a decision must be about before this row may change."""
        return "/"
