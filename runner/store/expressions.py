"""Expressions that SQLite and PostgreSQL would compute in different ways if they were left to themselves."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement


def sortable(value: ColumnElement) -> ColumnElement:
    """What to sort by: text by the numbers of its characters, as Python does."""
    return by_code_point(value) if isinstance(value.type, sa.Text) else value


class by_code_point(FunctionElement[str]):  # noqa: N801 - it stands in queries like SQLAlchemy's own functions
    """Text in an order that does not depend on the language of the server."""

    type = sa.Text()
    inherit_cache = True


class mean(FunctionElement[float]):  # noqa: N801
    """The mean of numbers as a double, NULL where there are none."""

    type = sa.Double()
    inherit_cache = True


@compiles(mean, "sqlite")
def mean_in_sqlite(element: mean, compiler: Any, **options: Any) -> str:
    return f"avg({compiler.process(element.clauses, **options)})"


@compiles(mean, "postgresql")
def mean_in_postgresql(element: mean, compiler: Any, **options: Any) -> str:
    """Its own function would square the numbers on the way, which fails from 1e154 on."""
    (value,) = element.clauses
    whole = sa.func.sum(sa.cast(value, sa.Double)) / sa.func.nullif(sa.func.count(value), 0)
    return str(compiler.process(whole, **options))


@compiles(by_code_point, "sqlite")
def in_sqlite(element: by_code_point, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(by_code_point, "postgresql")
def in_postgresql(element: by_code_point, compiler: Any, **options: Any) -> str:
    return f'{compiler.process(element.clauses, **options)} COLLATE "C"'
