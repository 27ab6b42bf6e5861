"""Imports of packages that set environment variables of their own; the user's process is left as it was."""

import contextlib
import os
from collections.abc import Iterator

# Set by threadpoolctl and by Polars when they are imported, and read only by what they load then.
SET_BY_IMPORTS = ("KMP_DUPLICATE_LIB_OK", "_RJEM_MALLOC_CONF")


@contextlib.contextmanager
def environment_kept() -> Iterator[None]:
    """Take back what an import within the block has set."""
    before = {name: os.environ.get(name) for name in SET_BY_IMPORTS}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
