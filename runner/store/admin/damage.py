"""Damage reports: after an unexpected error, find the row that caused it and name it in a one-line message.

A database may come from elsewhere, or a disk may have damaged it. Rows are not validated in advance, so an invalid
row causes an error far from where it is read. Only an unexpected error starts the search for invalid rows.
"""

import contextlib
import errno
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from fitgap.core.fit_verdicts import Skill
from fitgap.runner.errors import FitgapError, StoreError
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.sqlite import reading
from fitgap.runner.store.database.sqlite_files import path_of
from fitgap.runner.store.database.sqlite_wal import shown_path
from fitgap.runner.store.fit.reference import At
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, metadata
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import URL, Connection, Engine

# The exceptions that an invalid row may cause.
SYMPTOMS = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError, RecursionError),
    sa.exc.SQLAlchemyError,
)
KINDS: dict[type, tuple[str, ...]] = {
    sa.Integer: ("integer",),
    sa.Double: ("real", "integer"),
    sa.Text: ("text",),
    sa.JSON: ("text",),
    sa.LargeBinary: ("blob",),
}
# The words allowed in columns of text, by name.
WORDS: dict[str, frozenset[str]] = {
    "status": frozenset(Status),
    "verdict": frozenset(result_keys.VERDICTS),
    "reference_at": frozenset(At),
    "skill": frozenset(Skill),
}
TIMES = ("created", "fitted", "began", "lease_until", "ended", "lost", "started")
# The years 1 to 9999, the range of a Python date.
FIRST_TIME, LAST_TIME = -62_135_596_800.0, 253_402_300_799.0
LARGEST_DOUBLE, LARGEST_INTEGER = 1.7976931348623157e308, 2**31 - 1
LISTS = (
    *("input_names", "target_names", "class_names", "constant_columns", "validation_classes", "last", "best"),
    "proposal",
)
ROWS_AT_A_TIME = 1_000
MOST_CHARACTERS = 40

# The database queried last, for errors that occur only when a result is printed.
last_queried: URL | None = None


def remember(engine: Engine) -> None:
    """Remember the database that is being queried."""
    global last_queried
    last_queried = engine.url


@contextlib.contextmanager
def damage_reported(engine: Engine | None = None) -> Iterator[None]:
    """Context manager that turns an error caused by a damaged row into a StoreError that names the row.

    The database of this engine is searched, by default the one queried last. Other errors pass unchanged.
    """
    try:
        yield
    except Exception as error:
        report_damage(error, engine.url if engine else last_queried)
        raise


def report_damage(error: Exception, database: URL | None = None) -> None:
    """Raise StoreError if a damaged row explains the error."""
    url = database or last_queried
    if isinstance(error, FitgapError) or not is_symptom(error) or url is None or url.drivername != "sqlite":
        return
    found = None
    # If the database can no longer be read, the original error is reported.
    with contextlib.suppress(StoreError, OSError):
        found = damage_in(url)
    if found is not None:
        raise StoreError(
            f"the database {shown_path(path_of(url))} is damaged or was not written by fitgap: {found}; "
            "restore a backup with `fitgap db restore`, or name another database with --db"
        ) from None


def is_symptom(error: Exception) -> bool:
    is_of_frames = type(error).__module__.partition(".")[0] == "polars"
    return is_of_frames or isinstance(error, SYMPTOMS) or getattr(error, "errno", None) == errno.EOVERFLOW


def damage_in(url: URL) -> str | None:
    """A description of the first invalid row of an SQLite database; None if all rows are valid."""
    engine = connect(url, read_only=True)
    try:
        with reading(engine) as connection:
            return next(damages(connection), None)
    finally:
        engine.dispose()


def damages(connection: Connection) -> Iterator[str]:
    """Descriptions of invalid rows: wrong types of values and invalid text, table by table; then broken references."""
    for table in metadata.sorted_tables:
        yield from wrong_values(connection, table)
        yield from wrong_texts(connection, table)
    for row in connection.execute(sa.text("PRAGMA foreign_key_check")):
        yield f"a row of {row[0]} refers to a missing row of {row[2]}"


def wrong_values(connection: Connection, table: sa.Table) -> Iterator[str]:
    """Rows with a value of the wrong type or out of range for its column."""
    wrong = {column.name: is_wrong(column) for column in table.columns}
    labelled_conditions = [condition.label(f"wrong_{name}") for name, condition in wrong.items()]
    shown = [sa.cast(sa.func.quote(column), sa.LargeBinary).label(column.name) for column in table.columns]
    query = sa.select(*shown, *labelled_conditions).where(sa.or_(*wrong.values())).limit(1)
    for row in connection.execute(query).mappings():
        name = next(name for name in wrong if row[f"wrong_{name}"])
        texts = {column.name: plain(row[column.name]) for column in table.columns}
        yield f"{name_of(table, texts)} has {texts[name]} as its {name}"


def plain(quoted: bytes) -> str:
    """The start of a value in SQL form, made printable: it may be invalid UTF-8 and contain control characters."""
    text = quoted[:MOST_CHARACTERS].decode(errors="replace")
    return "".join(character if character.isprintable() else "?" for character in text)


def is_wrong(column: sa.Column) -> sa.ColumnElement[bool]:
    """Whether a value is invalid for this column, as an SQL condition."""
    kinds = next(kinds for kind, kinds in KINDS.items() if isinstance(column.type, kind))
    allowed = (*kinds, "null") if column.nullable else kinds
    # The stored value, without the conversions of the column's type.
    value = sa.type_coerce(column, sa.Double)
    conditions: list[sa.ColumnElement[bool]] = [sa.func.typeof(column).not_in(allowed)]
    if column.name in TIMES:
        conditions += [value < FIRST_TIME, value > LAST_TIME]
    elif isinstance(column.type, sa.Double):
        conditions += [sa.func.abs(value) > LARGEST_DOUBLE]
    elif isinstance(column.type, sa.Integer):
        conditions += [value < -LARGEST_INTEGER, value > LARGEST_INTEGER]
    return sa.func.coalesce(sa.or_(*conditions), sa.false())


def wrong_texts(connection: Connection, table: sa.Table) -> Iterator[str]:
    """Rows whose text is invalid UTF-8, or invalid for its column."""
    texts = [column for column in table.columns if isinstance(column.type, sa.Text | sa.JSON)]
    keys = [column for column in table.primary_key if column not in texts]
    bytes_of = [sa.cast(sa.type_coerce(column, sa.Text), sa.LargeBinary).label(column.name) for column in texts]
    query = sa.select(*keys, *bytes_of) if texts else None
    if query is None:
        return
    rows = connection.execution_options(yield_per=ROWS_AT_A_TIME).execute(query)
    for row in rows.mappings():
        for column in texts:
            problem = problem_of_text(column, row[column.name])
            if problem:
                yield f"{name_of(table, row)} has {problem} as its {column.name}"


def problem_of_text(column: sa.Column, content: bytes | None) -> str | None:
    """What is wrong with a text; None if it is valid."""
    if content is None:
        return None
    try:
        text = content.decode()
        if isinstance(column.type, sa.JSON):
            check_json(column, json.loads(text))
        elif not is_known_word(column, text):
            return repr(text[:MOST_CHARACTERS])
    except RecursionError:
        return "text that is nested too deeply"
    except Exception:
        return f"{content[:MOST_CHARACTERS]!r}"
    return None


def check_json(column: sa.Column, value: Any) -> None:
    """Raise an arbitrary exception if a JSON value does not have the structure expected in this column."""
    if value is None and column.nullable:
        return
    if not isinstance(value, list if column.name in LISTS else dict):
        raise TypeError
    if column is configuration.c.settings and isinstance(value, dict):
        # Imported here, because it is needed only after an error.
        from fitgap.runner.spec import Configuration

        Configuration.from_canonical(value)


def is_known_word(column: sa.Column, text: str) -> bool:
    """Whether a text is one of the words allowed in its column."""
    words = WORDS.get(column.name)
    return words is None or text in words


def name_of(table: sa.Table, row: Any) -> str:
    """A row by its table and key, such as `trial 7` or `epoch 7, 3`."""
    return f"{table.name} {', '.join(str(row[column.name]) for column in table.primary_key if column.name in row)}"
