"""Expressions that SQLite and PostgreSQL would compute in different ways if they were left to themselves."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement


def mean(value: ColumnElement) -> ColumnElement:
    """The mean of numbers as a double, NULL where there are none.

    PostgreSQL's own function would square the numbers on the way, which fails from 1e154 on.
    """
    return sa.func.sum(sa.cast(value, sa.Double)) / sa.func.nullif(sa.func.count(value), 0)


def sortable(value: ColumnElement) -> ColumnElement:
    """What to sort by: text by the numbers of its characters, as Python does."""
    return by_code_point(value) if isinstance(value.type, sa.Text) else value


class by_code_point(FunctionElement[str]):  # noqa: N801 - it stands in queries like SQLAlchemy's own functions
    """Text in an order that does not depend on the language of the server."""

    type = sa.Text()
    inherit_cache = True


@compiles(by_code_point, "sqlite")
def in_sqlite(element: by_code_point, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(by_code_point, "postgresql")
def in_postgresql(element: by_code_point, compiler: Any, **options: Any) -> str:
    return f'{compiler.process(element.clauses, **options)} COLLATE "C"'
