"""Tags as a column of an answer: the list of those that a sweep or a trial has."""

from typing import Any

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import sweep, sweep_tag, trial, trial_tag
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class text_list(FunctionElement[Any]):  # noqa: N801 - it stands in queries like SQLAlchemy's own functions
    """The texts of a group as a list in the order of their characters, empty where there are none."""

    type = sa.JSON()
    inherit_cache = True


@compiles(text_list, "sqlite")
def list_in_sqlite(element: text_list, compiler: Any, **options: Any) -> str:
    # SQLite before 3.44 cannot be told an order here; the texts come in that of the index they are read from.
    return f"json_group_array({compiler.process(element.clauses, **options)})"


@compiles(text_list, "postgresql")
def list_in_postgresql(element: text_list, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"""coalesce(json_agg({text} ORDER BY {text} COLLATE "C"), '[]')"""


# The tags of a row, beside others of a trial or a sweep.
tags_of_trial = sa.select(text_list(trial_tag.c.tag)).where(trial_tag.c.trial_id == trial.c.id).scalar_subquery()
tags_of_sweep = sa.select(text_list(sweep_tag.c.tag)).where(sweep_tag.c.sweep_id == sweep.c.id).scalar_subquery()
