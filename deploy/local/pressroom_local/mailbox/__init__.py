"""The mail catcher: takes every mail over SMTP, sends none on, and shows them at `/_mail/`."""
