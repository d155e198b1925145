"""The mail catcher's two pages. A mail's HTML is shown in a frame that can run nothing and be nobody."""

from __future__ import annotations

import re
from html import escape

from pressroom_local.mailbox.box import Mail

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For the page and, as it is handed down, for the mail in its `srcdoc` frame."""
URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
STYLE = """
:root { color-scheme: light dark; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1.25rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font: 600 1.6rem/1.25 Georgia, serif; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
table { width: 100%; border-collapse: collapse; } td, th { text-align: start; padding: .45rem .75rem .45rem 0;
border-block-end: 1px solid #8884; vertical-align: top; overflow-wrap: anywhere; } th { white-space: nowrap; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 1rem; border: 1px solid #8884; }
iframe { width: 100%; height: 34rem; border: 1px solid #8884; background: #fff; color-scheme: light; }
"""


def list_page(mails: list[Mail]) -> str:
    """Newest first."""
    rows = "".join(
        f'<tr><td><a href="/_mail/{each.id}">{escape(each.subject) or "(no subject)"}</a></td>'
        f"<td>{escape(', '.join(each.recipients))}</td><td>{escape(each.at)}</td></tr>"
        for each in mails
    )
    table = f"<table><tr><th>Subject</th><th>To</th><th>At</th></tr>{rows}</table>"
    nothing = "<p>No mail yet. What Pressroom sends on this machine is caught here and goes nowhere else.</p>"
    return _page("Mails", f"<h1>Mails</h1>{table if mails else nothing}")


def mail_page(mail: Mail) -> str:
    """The HTML part in its frame, the text part, the headers, and the way to the source."""
    html, text = mail.part("html"), mail.part("plain")
    parts = [
        f'<p><a href="/_mail/">All mails</a></p><h1>{escape(mail.subject) or "(no subject)"}</h1>',
        f"<p>From {escape(mail.sender)} to {escape(', '.join(mail.recipients))}, {escape(mail.at)}</p>",
    ]
    if html is not None:
        framed = escape(f'<base target="_blank">{html}')
        sandbox = "allow-popups allow-popups-to-escape-sandbox"
        parts.append(f'<h2>HTML</h2><iframe title="The mail\'s HTML" sandbox="{sandbox}" srcdoc="{framed}"></iframe>')
    if text is not None:
        parts.append(f"<h2>Text</h2><pre>{_linked(text)}</pre>")
    headers = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in mail.headers())
    parts.append(f'<h2>Headers</h2><table>{headers}</table><p><a href="/_mail/{mail.id}/raw">Raw source</a></p>')
    return _page(mail.subject or "Mail", "".join(parts))


def _linked(text: str) -> str:
    """Escaped text in which addresses are links."""
    pieces: list[str] = []
    end = 0
    for match in URL.finditer(text):
        address = escape(match[0])
        pieces += [escape(text[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join([*pieces, escape(text[end:])])


def _page(title: str, main: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{escape(title)} | Mail catcher</title><style>{STYLE}</style>'
        f"<main>{main}</main></html>"
    )
