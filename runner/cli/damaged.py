"""Unexpected errors of a command that a damaged row in the database explains, told in one line."""

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def damage_reported() -> Iterator[None]:
    """Turn such an error into a StoreError; any other one passes.

    A command that has asked no database has not loaded what looks for damage, and does not need it.
    """
    try:
        yield
    except Exception as error:
        if damage := sys.modules.get("fitgap.runner.store.admin.damage"):
            damage.report_damage(error)
        raise
