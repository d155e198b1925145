"""The three failure words. A handler raises one; each has one fate, and any other error is `Transient`."""

from __future__ import annotations

from pressroom_shared.errors import PressroomError


class Failure(PressroomError):
    """A handler could not do its work. Its text is one sentence for an editor or an operator."""


class Transient(Failure):
    """It may work later: the entry is retried with growing pauses, then dead-lettered."""


class Poison(Failure):
    """It will never work: the entry is dead-lettered at once, and no other waits for it."""


class Busy(Failure):
    """Too much at once: the entry comes again after a pause, and no attempt is counted."""
