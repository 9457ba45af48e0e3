"""Gauges in the text format of Prometheus, for a key that reads the whole trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from audit.doors.rest import require_known
from audit.queries import READ_TRAIL

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Gauge(NamedTuple):
    name: str
    about: str
    values: Iterable[tuple[str, float]]  # each with its labels, as they are written

    def __str__(self) -> str:
        head = f"# HELP {self.name} {self.about}\n# TYPE {self.name} gauge\n"
        return head + "".join(f"{self.name}{labels} {value}\n" for labels, value in self.values)


def require_reader(request: Request) -> None:
    require_known(request.query_params, ())
    if not request.user.has_perm(READ_TRAIL):
        raise Http404


def scraped(gauges: Iterable[Gauge]) -> HttpResponse:
    return HttpResponse("".join(map(str, gauges)), content_type=TEXT)
