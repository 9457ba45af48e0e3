"""Where decisions come from and what is remembered, for Prometheus: of the host that answers."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.point import point
from accounts.point.state import State, state
from audit.doors.metrics import Gauge, require_reader, scraped
from audit.doors.noun import JSONOnly

GAUGES = {
    "from_memory": "1 where decisions come out of memory, 0 where the database answers.",
    "heard_seconds_ago": "Age of the last sign of the listener; nothing while none is known.",
    "questions": "Asked of what is remembered, by all processes of the host since they began.",
    "reads": "Entries read from the database, likewise.",
    "entries": "Entries remembered now, likewise.",
}


class DecisionMetrics(APIView):
    """Not recorded: it tells of nobody, and is asked for every few seconds."""

    content_negotiation_class = JSONOnly

    @extend_schema(
        operation_id="decide_metrics",
        tags=["decide"],
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        """Where decisions come from, in the text format of Prometheus."""
        require_reader(request)
        mine = point.current()
        if mine is not None:
            mine.report()
        found = state()
        return scraped(
            Gauge(f"gatehouse_decisions_{name}", about, values(found, name))
            for name, about in GAUGES.items()
        )


def values(found: State, gauge: str) -> list[tuple[str, float]]:
    told = {
        "from_memory": int(found.from_memory),
        "heard_seconds_ago": found.age,
        "questions": found.questions,
        "reads": found.reads,
        "entries": found.entries,
    }[gauge]
    return [] if told is None else [("", round(told, 3))]
