"""Errors caused by a damaged row in the database, reported in one line."""

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def explaining_damage() -> Iterator[None]:
    """Turn an error that a damaged row explains into a StoreError; let any other error pass.

    A command that has not queried a database has not loaded the damage check, and does not need it.
    """
    try:
        yield
    except Exception as error:
        if damage := sys.modules.get("fitgap.runner.store.admin.damage"):
            damage.report_damage(error)
        raise
