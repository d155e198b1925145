"""Every metric of search, beside those of the stream layer."""

from __future__ import annotations

from prometheus_client import Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

COMMIT_SECONDS = Histogram("pressroom_search_commit_seconds", "One group commit of the index.", buckets=_SECONDS)
SEARCH_SECONDS = Histogram(
    "pressroom_search_seconds", "One answer, without its time in line.", ["call"], buckets=_SECONDS
)
IN_LINE = Gauge("pressroom_search_in_line", "Searches that wait for others to finish.")
WRITER = Gauge("pressroom_search_writer", "1 in the process that writes the index, 0 in one that stands by.")
