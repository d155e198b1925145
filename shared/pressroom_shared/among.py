"""`column IN (…)` with one parameter, however many values: one statement, built and planned once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

Column = sa.ColumnElement[str] | sa.ColumnElement[int]


class Several(sa.types.TypeDecorator[Iterable[Any]]):
    """Several texts or numbers as one parameter: an array, or JSON where there are no arrays."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, of: type[sa.Text | sa.BigInteger]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        array = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.ARRAY(self.of) if array else sa.Text())

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:
        values = list(value or ())
        return values if dialect.name == "postgresql" else json.dumps(values)


class _Among(FunctionElement[Any]):
    type = sa.types.NULLTYPE
    """Not Boolean: where a dialect has no booleans, `= 1` would be put behind it, and no index be used any more."""
    inherit_cache = True


def among(column: Column, name: str) -> sa.ColumnElement[bool]:
    """Whether a column is one of the texts or numbers that the parameter `name` gives when it is executed."""
    of: type[sa.Text | sa.BigInteger] = sa.BigInteger if isinstance(column.type, sa.Integer) else sa.Text
    return _Among(column, sa.bindparam(name, type_=Several(of)))


@compiles(_Among)
def _any(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(_Among, "sqlite")
def _json(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # both are SQL already, of the compiler
