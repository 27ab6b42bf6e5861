"""SQL expressions that give the same results in SQLite and PostgreSQL."""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias


def sortable(value: ColumnElement) -> ColumnElement:
    """The sort key of a value: text is sorted by code points, as in Python."""
    return by_code_point(value) if isinstance(value.type, sa.Text) else value


class by_code_point(FunctionElement[str]):  # noqa: N801 - used in queries like SQLAlchemy's own functions
    """Text in an order that does not depend on the server's locale."""

    type = sa.Text()
    inherit_cache = True


class mean(FunctionElement[float]):  # noqa: N801
    """The mean of numbers as a double; NULL if there are none."""

    type = sa.Double()
    inherit_cache = True


@compiles(mean, "sqlite")
def mean_in_sqlite(element: mean, compiler: Any, **options: Any) -> str:
    return f"avg({compiler.process(element.clauses, **options)})"


@compiles(mean, "postgresql")
def mean_in_postgresql(element: mean, compiler: Any, **options: Any) -> str:
    """PostgreSQL's avg() squares the numbers internally, which overflows from 1e154 on."""
    (value,) = element.clauses
    whole = sa.func.sum(sa.cast(value, sa.Double)) / sa.func.nullif(sa.func.count(value), 0)
    return str(compiler.process(whole, **options))


class unindexed(FunctionElement[int]):  # noqa: N801
    """A column whose index SQLite must not use. PostgreSQL itself decides whether to use an index."""

    type = sa.Integer()
    inherit_cache = True


@compiles(unindexed, "sqlite")
def without_index_in_sqlite(element: unindexed, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(unindexed, "postgresql")
def without_index_in_postgresql(element: unindexed, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(by_code_point, "sqlite")
def in_sqlite(element: by_code_point, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(by_code_point, "postgresql")
def in_postgresql(element: by_code_point, compiler: Any, **options: Any) -> str:
    return f'{compiler.process(element.clauses, **options)} COLLATE "C"'


def items_of(stored: ColumnElement, key: str | None = None) -> TableValuedAlias:
    """One row with the column `value` per item of a JSON array: `stored`, or the array under `key` in it."""
    path = [] if key is None else [sa.literal(f"$.{key}", sa.Text), sa.literal(key, sa.Text)]
    return each_item(stored, *path).table_valued(sa.column("value", sa.JSON), joins_implicitly=True)


class each_item(FunctionElement[Any]):  # noqa: N801 - like the above
    """The items of a JSON array; its path is given in both forms, for SQLite and for PostgreSQL."""

    type = sa.JSON()
    inherit_cache = True


@compiles(each_item, "sqlite")
def items_in_sqlite(element: each_item, compiler: Any, **options: Any) -> str:
    return f"json_each({', '.join(compiler.process(clause, **options) for clause in list(element.clauses)[:2])})"


@compiles(each_item, "postgresql")
def items_in_postgresql(element: each_item, compiler: Any, **options: Any) -> str:
    stored, *path = (compiler.process(clause, **options) for clause in list(element.clauses)[::2])
    return f"json_array_elements({' -> '.join([stored, *path])})"


def as_number(item: ColumnElement) -> ColumnElement:
    """A JSON number as a double."""
    return sa.cast(sa.cast(item, sa.Text), sa.Double)


def is_like(value: ColumnElement, pattern: str) -> ColumnElement[bool]:
    """Whether text matches a pattern: `*` is any text, `?` any character; case-sensitive."""
    # In GLOB a bracket starts a character set; in LIKE \\, % and _ are special.
    glob = pattern.replace("[", "[[]")
    like = re.sub(r"([\\%_])", r"\\\1", pattern).replace("*", "%").replace("?", "_")
    return matches_pattern(value, sa.literal(glob, sa.Text), sa.literal(like, sa.Text))


class matches_pattern(FunctionElement[bool]):  # noqa: N801 - like the above
    """Whether text matches the pattern written for SQLite (GLOB), or the one for PostgreSQL (LIKE)."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(matches_pattern, "sqlite")
def like_in_sqlite(element: matches_pattern, compiler: Any, **options: Any) -> str:
    value, glob, _ = element.clauses
    return f"({compiler.process(value, **options)} GLOB {compiler.process(glob, **options)})"


@compiles(matches_pattern, "postgresql")
def like_in_postgresql(element: matches_pattern, compiler: Any, **options: Any) -> str:
    value, _, like = element.clauses
    return f"({compiler.process(value, **options)} LIKE {compiler.process(like, **options)})"
