"""The stream layer: what FastStream does not do on Redis Streams, added once, for all services."""

from pressroom_shared.keys import ARTICLES, OUTCOMES
from pressroom_shared.streams.consumer import Consumer, OutcomeSink, Work
from pressroom_shared.streams.failures import Busy, Failure, Poison, Transient
from pressroom_shared.streams.lane import is_bulk
from pressroom_shared.streams.publisher import OutcomePublisher
from pressroom_shared.streams.relay import Relay

__all__ = [
    "ARTICLES",
    "OUTCOMES",
    "Busy",
    "Consumer",
    "Failure",
    "OutcomePublisher",
    "OutcomeSink",
    "Poison",
    "Relay",
    "Transient",
    "Work",
    "is_bulk",
]
