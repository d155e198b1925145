"""The API's reference as one plain page, made from its OpenAPI document."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import Any

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #15171a; --soft: #565a60; --rule: #d5d4cf; --panel: #f4f3ef }
@media (prefers-color-scheme: dark) {
  :root { --paper: #131416; --ink: #ebe9e4; --soft: #a6a8ab; --rule: #37393d; --panel: #1d1f22 } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.05rem/1.5 Newsreader, Georgia, serif }
main { max-width: 56rem; margin: 0 auto; padding: 2rem 1.25rem 5rem }
h1 { font-size: 2.6rem; line-height: 1.05; margin: 0; border-top: 4px double var(--ink); padding-top: 1rem }
h2 { font-size: 1.5rem; margin: 3rem 0 0; border-top: 1px solid var(--ink); padding-top: .5rem }
h2::before { content: ""; display: block; width: 72px; height: 6px; background: #1a4f8a;
margin: calc(-.5rem - 1px) 0 .6rem }
details { border-top: 1px solid var(--rule); padding: .6rem 0 }
summary { cursor: pointer } code, pre { font: .86rem/1.45 ui-monospace, monospace }
pre { background: var(--panel); padding: .75rem; overflow-x: auto } .soft { color: var(--soft) }
b.method { font: 600 .8rem system-ui, sans-serif; display: inline-block; min-width: 4rem }
table { border-collapse: collapse; width: 100%; font-size: .95rem } td, th { text-align: start; vertical-align: top;
padding: .3rem .8rem .3rem 0; border-top: 1px solid var(--rule) } :focus-visible { outline: 3px solid #0a58ca }
"""


def reference_page(document: dict[str, Any]) -> str:
    """HTML for people. Everything that the document says is escaped."""
    operations = [
        (operation.get("tags", ["Others"])[0], method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]
    order = list(dict.fromkeys(tag for tag, *_ in operations))
    operations.sort(key=lambda each: order.index(each[0]))
    body = "".join(
        f"<h2>{escape(tag)}</h2>" + "".join(_operation(document, *rest) for _, *rest in group)
        for tag, group in groupby(operations, key=lambda each: each[0])
    )
    title = escape(document["info"]["title"])
    about = escape(document["info"].get("description", ""))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><main><h1>{title}</h1><p>{about}</p><p class="soft">For machines: '
        f'<a href="/api/v1/openapi.json">openapi.json</a>. Errors are <code>application/problem+json</code>.</p>'
        f"{body}</main></body></html>"
    )


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    about = operation.get("description") or operation.get("summary", "")
    parts = [f"<p>{escape(about)}</p>"] if about else []
    rows = [
        (each["name"], each["in"], each.get("description", ""), each.get("required", False))
        for each in operation.get("parameters", [])
    ]
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = _resolve(document, content.get("schema", {}))
        needed = set(schema.get("required", []))
        rows += [
            (name, media_type.rpartition("/")[2], field.get("description", "") or _kind(field), name in needed)
            for name, field in schema.get("properties", {}).items()
        ]
    if rows:
        cells = "".join(
            f"<tr><td><code>{escape(name)}</code>{' *' if needed else ''}</td><td class=soft>{escape(where)}</td>"
            f"<td>{escape(text)}</td></tr>"
            for name, where, text, needed in rows
        )
        parts.append(f"<table>{cells}</table>")
    answers = ", ".join(
        f"{status} {escape(each.get('description', ''))}" for status, each in operation["responses"].items()
    )
    parts.append(f'<p class="soft">Answers: {answers}</p>')
    head = f"<b class=method>{method}</b> <code>{escape(path)}</code>"
    return f"<details><summary>{head}</summary>{''.join(parts)}</details>"


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for each in [schema, *schema.get("anyOf", [])]:
        reference = each.get("$ref", "")
        if reference.startswith("#/"):
            found: Any = document
            for part in reference[2:].split("/"):
                found = found.get(part, {})
            return dict(found)
    return schema


def _kind(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(filter(None, map(_kind, field["anyOf"]))))
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    return str(field.get("type", ""))
