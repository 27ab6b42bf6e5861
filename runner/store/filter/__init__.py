"""Filters such as `e_v < 0.02 and (activation == 'relu' or optimizer.rate >= 1e-3)`: translation from text to SQL.

The text is split into tokens (`lexer`), parsed into a tree (`parser`, `syntax_tree`), checked against the known names
(`namespace`, `typecheck`) and translated (`sql`). Nothing in it is executed or inserted into the text of a statement.
"""

from collections.abc import Sequence

from fitgap.runner.store.filter.before_training import SettingsFilter
from fitgap.runner.store.filter.class_keys import (
    CLASS_RECALLS,
    class_names,
    class_number,
    class_value,
    key_words,
    measure_of,
)
from fitgap.runner.store.filter.namespace import Known, advice, known_names
from fitgap.runner.store.filter.parser import EPOCHS_TO, parse, parse_operand
from fitgap.runner.store.filter.sql import condition_of, value_of
from fitgap.runner.store.filter.typecheck import check
from sqlalchemy.sql.elements import ColumnElement

__all__ = [
    "CLASS_RECALLS",
    "Known",
    "SettingsFilter",
    "advice",
    "class_names",
    "computed_key",
    "filter_expression",
    "key_words",
    "known_names",
    "measure_of",
]


def filter_expression(text: str, classes: Sequence[str] = ()) -> ColumnElement[bool]:
    """The SQL condition of a filter, over `trial` joined with `configuration`. Raises FilterError if it is invalid.

    `classes` are the names of the classes of the trials; see `class_names`.
    """
    condition = parse(text, classes)
    check(condition)
    return condition_of(condition)


def computed_key(key: str, classes: Sequence[str]) -> ColumnElement | None:
    """The value of a key that is computed, such as `epochs_to(e_v < 0.15)` or `recall_v.setosa`; None for other keys.

    Raises FilterError or StoreError if it is invalid.
    """
    measure = measure_of(key)
    if measure is not None:
        return class_value(measure, class_number(key, classes))
    return value_of(parse_operand(key)) if key.startswith(f"{EPOCHS_TO}(") else None
