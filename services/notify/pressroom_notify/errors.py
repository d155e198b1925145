"""What can go wrong in notify. Each class's docstring says who reads its message."""

from __future__ import annotations

from pressroom_shared.errors import PressroomError, SettingsError


class SmtpUrlError(SettingsError):
    """`PRESSROOM_SMTP_URL` cannot be used. Read by the operator at start."""


class MailServerAway(PressroomError):
    """No connection to the mail server can be had. Nothing was sent; the mails wait. Read by the operator."""


class UnknownLink(PressroomError):
    """A link from a mail is not, or no longer, valid. Read by the reader who followed it."""
