"""Archives of arrays (.npz): what they hold is measured before any of it is read.

Few bytes can stand for many: compression, shapes that promise more than there is, items of no size, several entries of
one name. NumPy would make room for all of it first.
"""

import io
import math
import zipfile
from collections.abc import Callable, Sequence
from typing import IO

import numpy as np

ENTRY_SUFFIX = ".npy"
MOST_ENTRIES = 10_000
# NumPy refuses longer ones, but only after reading them.
MOST_HEADING_BYTES = 16 << 10
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class NoArrayError(ValueError):
    """An entry is something else than an array."""


class ObjectsError(ValueError):
    """An array holds Python objects, which could run code when loaded."""


def read_arrays(
    content: bytes, check_size: Callable[[int], None], names: Sequence[str] | None = None, item_bytes: int = 1
) -> dict[str, np.ndarray]:
    """The arrays of these names, or all of them; `check_size` gets the bytes that they take and may refuse them.

    An item counts as at least `item_bytes`. Raises KeyError for a name that is not there, and nearly anything for a
    damaged archive.
    """
    # What comes before an archive is ignored otherwise.
    if not content.startswith(b"PK"):
        raise ValueError("it does not begin as an archive")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = entries_of(archive)
        chosen = {name: entries[name] for name in (entries if names is None else names)}
        check_size(sum(measured(archive, entry, item_bytes) for entry in chosen.values()))
        return {name: read_array(archive, entry) for name, entry in chosen.items()}


def names_of(content: bytes) -> list[str]:
    """The names of the arrays, without reading any."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return list(entries_of(archive))


def entries_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries that can be arrays, by the names of the arrays."""
    found = archive.infolist()
    if len(found) > MOST_ENTRIES:
        raise ValueError(f"it has {len(found):,} entries, but may have at most {MOST_ENTRIES:,}")
    entries = {each.filename.removesuffix(ENTRY_SUFFIX): each for each in found}
    if len(entries) < len(found):
        raise ValueError("it has two entries of one name")
    return entries


def measured(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, item_bytes: int) -> int:
    """The bytes that an array takes, by its own heading, which must agree with the archive."""
    with archive.open(entry) as file:
        start = io.BytesIO(file.read(MOST_HEADING_BYTES))
    version = version_of(start, entry.filename)
    shape, _, kind = HEADERS[version](start)
    heading = start.tell()
    if kind.hasobject:
        raise ObjectsError(f"'{entry.filename}' holds Python objects")
    stored = math.prod(shape) * kind.itemsize
    if min(shape, default=0) < 0 or stored != entry.file_size - heading:
        raise ValueError(f"'{entry.filename}' says that it has {stored:,} bytes, which it has not")
    return math.prod(shape) * max(item_bytes, kind.itemsize)


def version_of(file: IO[bytes], name: str) -> tuple[int, int]:
    """The version of the format in which an array is written."""
    start = file.read(np.lib.format.MAGIC_LEN)
    if not start.startswith(np.lib.format.MAGIC_PREFIX):
        raise NoArrayError(f"'{name}' is no array")
    major, minor = start[-2:]
    if (major, minor) not in HEADERS:
        raise ValueError(f"'{name}' is of an unknown version")
    return major, minor


def read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(entry) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    return array
