"""Filters such as `e_v < 0.02 and (activation == 'relu' or optimizer.rate >= 1e-3)`: translation from text to SQL.

The text is split into tokens (`lexer`), parsed into a tree (`parser`, `syntax_tree`), checked against the known names
(`namespace`, `typecheck`) and translated (`sql`). Nothing in it is executed or inserted into the text of a statement.
"""

from fitgap.runner.store.filter.namespace import Known, advice, known_names
from fitgap.runner.store.filter.parser import parse
from fitgap.runner.store.filter.sql import condition_of
from fitgap.runner.store.filter.typecheck import check
from sqlalchemy.sql.elements import ColumnElement

__all__ = ["Known", "advice", "filter_expression", "known_names"]


def filter_expression(text: str) -> ColumnElement[bool]:
    """The SQL condition of a filter, over `trial` joined with `configuration`. Raises FilterError if it is invalid."""
    condition = parse(text)
    check(condition)
    return condition_of(condition)
