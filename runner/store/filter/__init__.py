"""Filters: `e_v < 0.02 and (activation == 'relu' or optimizer.rate >= 1e-3)`, from text to an expression of SQL.

The text is split into tokens (`lexer`), parsed into a tree (`parser`, `syntax_tree`), checked against the known names
and their types (`namespace`, `typecheck`), and translated (`sql`). No part of it is ever executed or inserted into SQL.
"""

from fitgap.runner.store.filter.namespace import Known, advice, known_names
from fitgap.runner.store.filter.parser import parse
from fitgap.runner.store.filter.sql import condition_of
from fitgap.runner.store.filter.typecheck import check
from sqlalchemy.sql.elements import ColumnElement

__all__ = ["Known", "advice", "filter_expression", "known_names"]


def filter_expression(text: str) -> ColumnElement[bool]:
    """The expression of a filter, over `trial` joined with `configuration`; FilterError says what is wrong."""
    condition = parse(text)
    check(condition)
    return condition_of(condition)
