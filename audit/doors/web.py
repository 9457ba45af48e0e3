"""Pages: a form is validated, calls one action, and shows what a rule refused at its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest

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


def press(
    request: HttpRequest, done: str, action: Callable[..., Any], *args: Any, **kwargs: Any
) -> bool:
    """A button without fields: a notice says what is done, if anything, or what a rule refused."""
    try:
        action(*args, **kwargs)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    if done:
        messages.success(request, done)
    return True


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """Each reason at its field; what belongs to no field of this form stands above it."""
    if not hasattr(error, "error_dict"):
        for reason in error.error_list:
            form.add_error(field_of(form, reason.code), reason)
        return
    for name, reasons in error.error_dict.items():
        known = name in form.fields or name == NON_FIELD_ERRORS
        form.add_error(None if name == NON_FIELD_ERRORS or not known else name, reasons)


def field_of(form: BaseForm, code: str | None) -> str | None:
    """A code that starts with a field's name is about that field: `sha256_mismatch`.

    A form may say so of further beginnings: `codes = {"name_": "path"}`.
    """
    starts = {f"{name}_": name for name in form.fields} | getattr(form, "codes", {})
    return next((name for start, name in starts.items() if (code or "").startswith(start)), None)
