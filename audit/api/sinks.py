"""How far the copies of the trail are, for Prometheus, which scrapes with a key that reads it."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from audit.doors.metrics import Gauge, require_reader, scraped
from audit.doors.noun import JSONOnly
from audit.sinks import outbox, targets

GAUGES = {
    "lag_seconds": "Age of the oldest event that has not arrived.",
    "pending_events": "Events that have not arrived, counted up to 10000.",
    "failures": "Attempts that failed since the last success.",
}


class Metrics(APIView):
    """Not recorded: it tells of no event, and is asked for every few seconds."""

    content_negotiation_class = JSONOnly

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        """Lag of every sink, in the text format of Prometheus."""
        require_reader(request)
        lags = [outbox.lag(one.name) for one in targets.configured()]
        return scraped(
            Gauge(
                f"gatehouse_sink_{name}",
                about,
                [(f'{{sink="{one.name}"}}', of(one, name)) for one in lags],
            )
            for name, about in GAUGES.items()
        )


def of(lag: outbox.Lag, gauge: str) -> float:
    values = {"lag_seconds": lag.seconds, "pending_events": lag.pending, "failures": lag.failures}
    return round(values[gauge], 1)
