"""Browsers that fetch a page ahead: where looking is recorded, they are given nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")


def is_ahead(request: HttpRequest) -> bool:
    """A browser that fetches ahead has shown nothing to anybody yet."""
    return "prefetch" in request.headers.get("Sec-Purpose", "")


def nothing_yet() -> HttpResponse:
    """For whoever fetches ahead; the browser asks again when the page is shown, and that counts."""
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


def when_shown(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """A page of which looking is recorded."""

    @wraps(view)
    def shown(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request = args[0]
        assert isinstance(request, HttpRequest)
        return nothing_yet() if is_ahead(request) else view(*args, **kwargs)

    return shown
