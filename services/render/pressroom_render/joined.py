"""Many values as one: a database's answer of a thousand rows costs far more to read than one row with all of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

BETWEEN = " "
"""Stands between values. Ids, addresses and numbers have none."""


def split(text: str | None) -> list[str]:
    """The values again; none where there was no row."""
    return text.split(BETWEEN) if text else []


class joined(FunctionElement[str]):  # noqa: N801  # it is used as SQL's functions are
    """The values of a column in one text, in the order of the (ordered and limited) subquery that they come from.

    Source: postgresql.org/docs/current/functions-aggregate.html; sqlite.org/lang_aggfunc.html promises no order, but a
    subquery with a limit is worked off as it is.
    """

    type = sa.Text()
    inherit_cache = True


@compiles(joined)
def _string_agg(element: joined, compiler: Any, **options: Any) -> str:
    return f"string_agg(CAST({compiler.process(element.clauses, **options)} AS TEXT), '{BETWEEN}')"


@compiles(joined, "sqlite")
def _group_concat(element: joined, compiler: Any, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)}, '{BETWEEN}')"
