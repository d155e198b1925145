"""An article as pages show it beside or below others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Story:
    """An article as a page in one language shows it; templates see what `view` has.

    It is kept with its teaser, and what is set of it with it: many pages show the same. Most show but what is set, so
    the view is made when a template asks for it.
    """

    __slots__ = ("_make", "_view", "made")

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        self.made: dict[Any, Any] = {}
        """What was set of it, in each way."""
        self._make = make
        self._view: dict[str, Any] | None = None

    def view(self) -> dict[str, Any]:
        """All that can be shown. Who is given it leaves it as it is."""
        return self._make() if self._view is None else self._view

    def __getattr__(self, name: str) -> Any:
        if self._view is None:
            self._view = self._make()
        try:
            return self._view[name]
        except KeyError:
            raise AttributeError(name) from None
