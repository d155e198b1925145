"""`column IN (…)` with one parameter, however many values: one statement, built and planned once."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection


def among(connection: AsyncConnection, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether a text column is one of these."""
    if connection.dialect.name == "sqlite":
        listed = sa.func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(sa.select(listed.c.value))
    return column == sa.any_(sa.cast(list(values), postgresql.ARRAY(sa.Text)))
