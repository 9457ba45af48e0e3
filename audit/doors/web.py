"""Pages: a form is validated, calls one action, and shows what a rule refused at its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm

R = TypeVar("R")


def submit(form: BaseForm, action: Callable[..., R], *args: Any, **kwargs: Any) -> R | None:
    """The action's result, or None with the reasons on the form.

    Call it with a bound, valid form. PermissionDenied and Http404 pass through: the handlers of
    the site answer them.
    """
    try:
        return action(*args, **kwargs)
    except ValidationError as error:
        add_errors(form, error)
        return None


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """Each reason at its field; what belongs to no field of this form stands above it."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, reasons in error.error_dict.items():
        known = name in form.fields or name == NON_FIELD_ERRORS
        form.add_error(None if name == NON_FIELD_ERRORS or not known else name, reasons)
