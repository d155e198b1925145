"""Errors that a person can cause or must act on. Each class's docstring says who reads its message."""

from __future__ import annotations


class PressroomError(Exception):
    """Base of all; its text is a whole sentence for the person who can mend it."""


class SettingsError(PressroomError):
    """A setting is unknown or invalid. Read by the operator at start; the process ends with exit code 1."""


class SiteFileError(SettingsError):
    """The newspaper's own file is missing or invalid; the message names the file and the field."""


class StoreError(PressroomError):
    """A database or the site store cannot be used. Read by the operator."""
