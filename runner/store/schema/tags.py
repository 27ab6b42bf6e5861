"""Tags as a result column: the list of tags of a sweep or a trial."""

from typing import Any

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import sweep, sweep_tag, trial, trial_tag
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class text_list(FunctionElement[Any]):  # noqa: N801 - used in queries like SQLAlchemy's own functions
    """The texts of a group as a list, sorted by code points; empty if there are none."""

    type = sa.JSON()
    inherit_cache = True


@compiles(text_list, "sqlite")
def list_in_sqlite(element: text_list, compiler: Any, **options: Any) -> str:
    # SQLite before 3.44 supports no ORDER BY here; the texts arrive in the order of the index.
    return f"json_group_array({compiler.process(element.clauses, **options)})"


@compiles(text_list, "postgresql")
def list_in_postgresql(element: text_list, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"""coalesce(json_agg({text} ORDER BY {text} COLLATE "C"), '[]')"""


# Correlated subqueries for the tags of a trial or a sweep.
tags_of_trial = sa.select(text_list(trial_tag.c.tag)).where(trial_tag.c.trial_id == trial.c.id).scalar_subquery()
tags_of_sweep = sa.select(text_list(sweep_tag.c.tag)).where(sweep_tag.c.sweep_id == sweep.c.id).scalar_subquery()
