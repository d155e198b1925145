"""Every metric of notify, beside those of the stream layer."""

from __future__ import annotations

from prometheus_client import Counter

MAILS = Counter("pressroom_notify_mails_total", "Mails by what became of a try.", ["result"])
REAPED = Counter("pressroom_notify_reaped_total", "Mails taken up from a sender that went silent.")
PLANNED = Counter("pressroom_notify_planned_chunks_total", "Chunks of readers that were planned.")
