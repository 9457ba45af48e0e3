"""The check constraints of a model asked about at once, before its row is written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from operator import and_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q


class Together(models.CheckConstraint):
    """One question, which is three trips to the database, instead of one for each condition."""

    def __init__(self, checks: list[models.CheckConstraint]) -> None:
        self.checks = checks
        super().__init__(condition=reduce(and_, (Q(one.condition) for one in checks)), name="all")

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """What is left out, or does not hold, each condition says for itself."""
        if not kwargs.get("exclude") and self.holds(*args, **kwargs):
            return
        errors = []
        for check in self.checks:
            try:
                check.validate(*args, **kwargs)
            except ValidationError as error:
                errors.append(error)
        if errors:
            raise ValidationError(errors)

    def holds(self, *args: Any, **kwargs: Any) -> bool:
        try:
            super().validate(*args, **kwargs)
        except ValidationError:
            return False
        return True


@cache
def together(model: type[models.Model]) -> Sequence[models.BaseConstraint]:
    found = model._meta.constraints
    checks = [one for one in found if type(one) is models.CheckConstraint]
    if len(checks) < 2:
        return found
    return [Together(checks), *(one for one in found if one not in checks)]
