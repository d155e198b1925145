"""Trouble at exact points of real service processes. Python runs this file at its start where PYTHONPATH leads here.

The test says by files in the folder `TROUBLE` what shall go wrong, and reads there what did:
`crash` kills every sink at the first `done` that it is about to send with nothing left to do; `crash-placed` kills the
page writer when a page is in place and not committed; `hold` has each sink fail a first version until a later one of
its article is through.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SINKS = ("pressroom_render pages", "pressroom_render cards", "pressroom_search", "pressroom_notify")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong in one sink's process."""

    folder: Path
    sink: str

    def is_wanted(self, name: str) -> bool:
        return (self.folder / name).exists()

    def note(self, name: str) -> bool:
        """Say that it happened. False when it had happened before."""
        try:
            (self.folder / f"{name} {self.sink}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def crash_once(self, name: str) -> None:
        if self.is_wanted(name) and self.note(name):
            os.kill(os.getpid(), signal.SIGKILL)


def crash_before_outcomes(trouble: Trouble) -> None:
    """The effect is committed, and nobody has heard of it.

    Notify says `done` before its mails are out too. Killed then, it could be in the middle of one, which is rightly
    uncertain and not sent again: so it is killed when none is open.
    """
    from redis.commands.core import StreamCommands

    from pressroom_shared.keys import OUTCOMES

    add = StreamCommands.xadd

    def xadd(self: Any, name: Any, fields: Any, *more: Any, **options: Any) -> Any:
        if name == OUTCOMES and any(is_whole(value) for value in fields.values()):
            trouble.crash_once("crash")
        return add(self, name, fields, *more, **options)

    StreamCommands.xadd = xadd  # type: ignore[method-assign]


def is_whole(outcome: bytes) -> bool:
    """Whether the sink is done, and nothing of it is still on its way."""
    return b'"status":"done"' in outcome and (b'"open":' not in outcome or b'"open":0' in outcome)


def crash_before_the_commit(trouble: Trouble) -> None:
    """A page is in its place, and the database does not know."""
    from pressroom_shared.sitestore import FileStore, Staged

    publish = FileStore.publish

    async def put_in_place(self: FileStore, staged: Sequence[Staged]) -> None:
        await publish(self, staged)
        if any(each.target.endswith("/index.html") and "cranes" in each.target for each in staged):
            trouble.crash_once("crash-placed")

    FileStore.publish = put_in_place  # type: ignore[method-assign]


def hold_first_versions(trouble: Trouble) -> None:
    """A version of one announcement fails until one of more is through."""
    from pressroom_shared.events import ArticlePublished
    from pressroom_shared.streams import Consumer, Transient

    on = Consumer.on

    def on_but_held(self: Consumer[Any], event_type: Any, handler: Any) -> None:
        async def hold(event: Any, work: Any) -> Any:
            if not isinstance(event, ArticlePublished) or not trouble.is_wanted("hold"):
                return await handler(event, work)
            first, through = len(event.data.announcements) == 1, f"through {event.data.id}"
            if first and not trouble.is_wanted(f"{through} {trouble.sink}"):
                raise Transient("It is held until a later version is through.")
            outcome = await handler(event, work)
            trouble.note(f"overtaken {event.data.id}" if first else through)
            return outcome

        on(self, event_type, hold)

    Consumer.on = on_but_held  # type: ignore[method-assign]


if "TROUBLE" in os.environ:
    line = " ".join(sys.orig_argv)
    for each in SINKS:
        if line.endswith(f"-m {each}"):
            for make in (crash_before_outcomes, crash_before_the_commit, hold_first_versions):
                make(Trouble(Path(os.environ["TROUBLE"]), each))
