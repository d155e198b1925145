"""What is done in a drawing process. It imports little: each process pays for it."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import resource
import threading

from pressroom_render.cards import Card

NICE = 5
"""Pages go before cards and pictures where there is not enough of the processor for all. With what the process that
starts these may have below the others, not so little that a picture waits for minutes beside a busy program."""


def prepare(memory_bytes_max: int) -> None:
    """Bound the process, and have it end when its parent does."""
    os.environ["VIPS_CONCURRENCY"] = "1"  # as many processes as are wanted; one thread in each
    os.nice(NICE)
    with contextlib.suppress(ValueError, OSError):  # not every system bounds it
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes_max, memory_bytes_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def draw_card(card: Card, image: bytes | None, face: bytes | None = None) -> tuple[bytes, bytes, str]:
    """The card as JPEG and PNG, and a warning."""
    from pressroom_render.drawing import draw  # loads the fonts, once in each process

    drawing = draw(card, image, face)
    return drawing.jpeg, drawing.png, drawing.warning


def preview_card(card: Card, image: bytes | None, face: bytes | None = None) -> tuple[bytes, list[str]]:
    """The JPEG alone, and everything that an editor should know about it."""
    from pressroom_render.drawing import preview

    return preview(card, image, face)


def develop_picture(body: bytes, focal_point: tuple[float, float] | None) -> tuple[dict[str, object], dict[str, bytes]]:
    """What is known of a picture (its size, focal point, placeholder), and its files by the ends of their names."""
    from pressroom_render.images import develop
    from pressroom_render.pictures import Unreadable

    try:
        made = develop(body, focal_point)
    except Unreadable as error:
        return {"trouble": str(error)}, {}
    known = {"width": made.width, "height": made.height, "focal_point": made.focal_point}
    return known | {"placeholder": made.placeholder, "trouble": ""}, made.files
