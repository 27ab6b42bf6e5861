"""Loads polars and takes back the variable that it sets for its allocator: the environment belongs to the user."""

import importlib
import os

VARIABLE = "_RJEM_MALLOC_CONF"


def load_polars() -> None:
    """Import polars, which reads the variable once, while it is loaded."""
    before = os.environ.get(VARIABLE)
    importlib.import_module("polars")
    if before is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = before


load_polars()
