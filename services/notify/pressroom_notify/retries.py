"""What a mail server's answer means, and when a mail is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pressroom_notify.settings import Settings

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""Pauses after each temporary refusal; the last one repeats until `retry_age_max_s`."""

AWAY_RETRY_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has taken it over (250 after the final dot)."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not now (4xx, RFC 5321 4.2.1). It is tried again."""

    detail: str


@dataclass(frozen=True, slots=True)
class Away:
    """The server could not be spoken to. Nothing was sent, and it is no fault of the mail's."""

    detail: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Never (5xx)."""

    detail: str


@dataclass(frozen=True, slots=True)
class Suppress:
    """There is no such mailbox (5.1.1, RFC 3463): nothing is sent to this address any more."""

    detail: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The connection broke after the text went out and before the answer came."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """It is not to be sent any more: the reader has left, or cannot be reached."""

    detail: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What it is about is gone: the article was withdrawn, or the link is too old."""

    detail: str


Result = Sent | Refused | Away | Failed | Suppress | Uncertain | Unwanted | Cancelled


@dataclass(frozen=True, slots=True)
class Settlement:
    """The ledger's next state of a mail."""

    state: str
    detail: str
    tries: int
    not_before: datetime | None = None


def settle(result: Result, *, tries: int, created_at: datetime, now: datetime, settings: Settings) -> Settlement:
    """The state after a result. A temporary refusal becomes final after `retry_age_max_s`."""
    match result:
        case Refused() | Away():
            counted = tries + isinstance(result, Refused)
            pause = AWAY_RETRY_AFTER if isinstance(result, Away) else RETRY_AFTER[min(tries, len(RETRY_AFTER) - 1)]
            again = now + pause
            if again - created_at > timedelta(seconds=settings.retry_age_max_s):
                return Settlement("failed", f"Given up after many tries: {result.detail}", counted)
            return Settlement("deferred", result.detail, counted, again)
        case Sent():
            return Settlement("sent", result.detail, tries + 1)
        case Failed():
            return Settlement("failed", result.detail, tries + 1)
        case Suppress():
            return Settlement("failed", result.detail, tries + 1)
        case Uncertain():
            return Settlement("uncertain", result.detail, tries + 1)
        case Unwanted():
            return Settlement("suppressed", result.detail, tries)
        case Cancelled():
            return Settlement("cancelled", result.detail, tries)


def read_refusal(code: int, text: str) -> Result:
    """A reply to RCPT or DATA that is no success."""
    detail = f"{code} {' '.join(text.split())}"[:500]
    if 400 <= code < 500:
        return Refused(detail)
    if text.lstrip().startswith("5.1.1"):
        return Suppress(detail)
    return Failed(detail)
