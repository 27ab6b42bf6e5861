"""The database's clock, the only clock that all drivers of a sweep share, in seconds since 1970."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class database_now(FunctionElement[float]):  # noqa: N801 - used in queries like SQLAlchemy's own functions
    """The database's time when a statement runs."""

    name = "database_now"
    type = sa.Double()
    inherit_cache = True


@compiles(database_now, "sqlite")
def now_in_sqlite(element: database_now, compiler: Any, **options: Any) -> str:
    # `unixepoch('subsec')` needs SQLite 3.42. Julian days count from noon, 2440587.5 of them before 1970.
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_now, "postgresql")
def now_in_postgresql(element: database_now, compiler: Any, **options: Any) -> str:
    # `now()` would return the start time of the transaction.
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"
