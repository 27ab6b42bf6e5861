"""Data passed in memory: kept by name in this process, and stored with their sweep."""

import hashlib
from collections import OrderedDict

from fitgap.runner.errors import DataError

PREFIX = "memory:"
# Only this many data sets, the latest ones, are kept in memory; all are stored in the databases of their sweeps.
MOST_KEPT = 8
_kept: OrderedDict[str, bytes] = OrderedDict()


def is_in_memory(source: str) -> bool:
    """Whether a source names data from memory."""
    return source.startswith(PREFIX)


def keep(content: bytes) -> str:
    """Keep the content of a file in memory; returns its source, which depends on the content alone."""
    source = PREFIX + hashlib.sha256(content).hexdigest()[:16]
    _kept[source] = content
    _kept.move_to_end(source)
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return source


def kept_content(source: str) -> bytes:
    """The content that is kept under a source; DataError if there is none."""
    if source not in _kept:
        rule = "these data were given in memory, and are stored only with their sweep"
        raise DataError(f"{source}: {rule}; give them again")
    return _kept[source]
