"""Filters for configurations before they are trained: the same language as for trials, limited to settings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from fitgap.runner.store.filter.class_keys import measure_of
from fitgap.runner.store.filter.lexer import TokenKind, tokenize
from fitgap.runner.store.filter.parser import EPOCHS_TO, parse
from fitgap.runner.store.filter.sql import condition_of
from fitgap.runner.store.filter.syntax_tree import All, Condition, Either, Name, Not, Test
from fitgap.runner.store.filter.typecheck import check, known, names_in
from fitgap.runner.store.schema.tables import configuration
from sqlalchemy.sql import visitors

# Columns of a configuration that are known only after its trials are trained.
MEASURED = ("excess", "underfit", "overfit", "verdict")
UNKNOWN = "known only after training; `only` takes settings, such as parameters < 5000"


class SettingsFilter:
    """A filter for rows of configurations. Raises FilterError if it is invalid or refers to results of training.

    The rows are inserted into an in-memory database, so that conditions mean the same as in queries.
    """

    def __init__(self, text: str):
        check_words(text)
        condition = parse(text, ())
        check(condition)
        check_settings(condition)
        self._engine = sa.create_engine("sqlite://")
        self._query = sa.select(configuration.c.id).where(condition_of(condition))

    def accepts(self, rows: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Which of the rows meet the condition."""
        if not rows:
            return []
        numbered = [{**row, "sweep_id": 0, "id": place} for place, row in enumerate(rows)]
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.schema.CreateTable(configuration, include_foreign_key_constraints=[]))
                connection.execute(sa.insert(configuration), numbered)
                accepted = set(connection.execute(self._query).scalars())
        finally:
            # Free the rows now: they are needed only here, and the filter has no `close` method to do so later.
            self._engine.dispose()
        return [place in accepted for place in range(len(rows))]


def check_words(text: str) -> None:
    """Raise FilterError for `epochs_to` and for measures of a class."""
    for token in tokenize(text):
        if token.kind is TokenKind.NAME and (token.text == EPOCHS_TO or measure_of(token.text)):
            raise token.place.error(f"{token.text} is {UNKNOWN}")


def check_settings(condition: Condition) -> None:
    """Raise FilterError for a condition on anything but settings of a configuration."""
    for test in tests_in(condition):
        for name in names_in(test):
            if not is_setting(known(name).value):
                raise name.place.error(f"{name.name} is {UNKNOWN}")


def tests_in(condition: Condition) -> Iterator[Test | Name]:
    """The tests within a condition."""
    match condition:
        case All(_, conditions) | Either(_, conditions):
            for each in conditions:
                yield from tests_in(each)
        case Not(_, inner):
            yield from tests_in(inner)
        case _:
            yield condition


def is_setting(value: sa.ColumnElement) -> bool:
    """Whether an expression is computed from the settings of a configuration alone."""
    columns = [each for each in visitors.iterate(value) if isinstance(each, sa.Column)]
    return all(each.table is configuration and each.name not in MEASURED for each in columns)
