"""Every metric of the stream layer, per consumer group."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

HANDLED = Counter(
    "pressroom_stream_handled_total",
    "Entries by what became of them: done, retried, busy, dead.",
    ["group", "fate"],
)
STALE = Counter("pressroom_stream_stale_total", "Events that were older than what the sink holds.", ["group"])
HANDLING_SECONDS = Histogram(
    "pressroom_stream_handling_seconds",
    "From reading an entry to its commit.",
    ["group"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
RECLAIMED = Counter(
    "pressroom_stream_reclaimed_total", "Entries taken over from a retry or a dead consumer.", ["group"]
)
LAG = Gauge("pressroom_stream_lag", "Entries that the group has not read yet.", ["group"])
BULK_LAG = Gauge("pressroom_stream_bulk_lag", "Entries of imports and replays that it has not read yet.", ["group"])
PENDING = Gauge("pressroom_stream_pending", "Entries read and not acknowledged, retries among them.", ["group"])
OLDEST_SECONDS = Gauge("pressroom_stream_oldest_seconds", "Age of the oldest entry that is not done.", ["group"])
RETRYING = Gauge("pressroom_stream_retrying", "Entries that wait for another try.", ["group"])
DEAD = Gauge("pressroom_stream_dead", "Entries in the group's dead letters.", ["group"])
RATE = Gauge("pressroom_stream_rate", "Entries that all its consumers handle a second.", ["group"])
CONSUMERS = Gauge("pressroom_stream_consumers", "Consumers of the group that are alive.", ["group"])
DRIFT = Gauge(
    "pressroom_drift", "Articles of which a sink holds something else than ingest, when last asked.", ["group"]
)
RELAYED = Counter("pressroom_relay_published_total", "Events that the relay has put into Redis.", ["source"])
RESENT = Counter("pressroom_relay_resent_total", "Events sent again because Redis had lost them.", ["source"])
RELAY_BLOCKED = Gauge(
    "pressroom_relay_blocked", "1 while the stream is at its bound and the rest waits in SQL.", ["source"]
)
RELAY_PASSED_OVER = Gauge(
    "pressroom_relay_passed_over", "Outbox rows whose event cannot be built; the log says why.", ["source"]
)
BYTES = Gauge("pressroom_stream_bytes", "Memory that a stream takes in Redis, estimated.", ["stream"])
TRIMMED = Counter(
    "pressroom_stream_trimmed_total", "Entries trimmed after every group had acknowledged them.", ["stream"]
)
