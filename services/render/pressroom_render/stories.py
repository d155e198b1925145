"""An article as pages show it beside or below others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_VIEW = "view"


class Story:
    """An article as a page in one language shows it; templates see what `view` has.

    What is set of it is kept with its teaser: many pages show the same. Most show but what is set, so the view is made
    when a template asks for it.
    """

    __slots__ = ("_make", "made")

    def __init__(self, made: dict[Any, Any], make: Callable[[], dict[str, Any]]) -> None:
        self.made = made
        self._make = make

    def view(self) -> dict[str, Any]:
        """All that can be shown. Who is given it leaves it as it is."""
        kept: dict[str, Any] | None = self.made.get(_VIEW)
        return self._make() if kept is None else kept

    def __getattr__(self, name: str) -> Any:
        view = self.made.get(_VIEW)
        if view is None:
            view = self.made[_VIEW] = self._make()
        try:
            return view[name]
        except KeyError:
            raise AttributeError(name) from None
