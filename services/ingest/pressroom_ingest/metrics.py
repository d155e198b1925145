"""Ingest's own Prometheus metrics. Streams and relay have theirs in the shared library."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SCHEDULED = Counter(
    "pressroom_ingest_scheduled_total", "Scheduled publications by what became of them: on_time, late, held.", ["fate"]
)
SCHEDULES_HELD = Gauge("pressroom_ingest_schedules_held", "Scheduled publications that wait for an editor.")
SCHEDULE_LATENESS = Histogram(
    "pressroom_ingest_schedule_lateness_seconds",
    "How long after its time a scheduled publication went out.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 600, 3600),
)
