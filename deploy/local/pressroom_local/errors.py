"""What can go wrong on this machine. Each text is a whole sentence for the person at the terminal."""

from __future__ import annotations

from pressroom_shared.errors import PressroomError


class LocalError(PressroomError):
    """The command cannot go on; it prints the sentence and ends with exit code 1."""


class ApiError(LocalError):
    """The API refused a call. The text says which call, why, and each field that is wrong."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class FrontMatterError(LocalError):
    """An article's file is not as it should be; the text names the file and the field."""
