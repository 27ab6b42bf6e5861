"""Safe reading of array archives (.npz): the size of the arrays is checked before any is read.

A small file can expand to a huge one by compression, false shapes, items of size 0, or several entries of one name.
NumPy would allocate all of it first.
"""

import io
import math
import zipfile
from collections.abc import Callable, Sequence
from typing import IO

import numpy as np

ENTRY_SUFFIX = ".npy"
MOST_ENTRIES = 10_000
# NumPy rejects longer headers too, but only after reading them.
MOST_HEADING_BYTES = 16 << 10
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class NoArrayError(ValueError):
    """An entry is not an array."""


class ObjectsError(ValueError):
    """An array holds Python objects, which could run code when loaded."""


def read_arrays(
    content: bytes, check_size: Callable[[int], None], names: Sequence[str] | None = None, item_bytes: int = 1
) -> dict[str, np.ndarray]:
    """The arrays with these names, or all arrays. `check_size` is called with their size in bytes and may raise.

    An item counts as at least `item_bytes`. Raises KeyError for a missing name, and almost any exception for a damaged
    archive.
    """
    # zipfile would ignore anything before the archive.
    if not content.startswith(b"PK"):
        raise ValueError("it does not start like an archive")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = entries_of(archive)
        chosen = {name: entries[name] for name in (entries if names is None else names)}
        check_size(sum(measured(archive, entry, item_bytes) for entry in chosen.values()))
        return {name: read_array(archive, entry) for name, entry in chosen.items()}


def names_of(content: bytes) -> list[str]:
    """The names of the arrays, without reading them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return list(entries_of(archive))


def entries_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries of the archive by array name."""
    found = archive.infolist()
    if len(found) > MOST_ENTRIES:
        raise ValueError(f"it has {len(found):,} entries, but may have at most {MOST_ENTRIES:,}")
    entries = {each.filename.removesuffix(ENTRY_SUFFIX): each for each in found}
    if len(entries) < len(found):
        raise ValueError("it has two entries with the same name")
    return entries


def measured(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, item_bytes: int) -> int:
    """The size of an array in bytes according to its header, which must agree with the archive."""
    with archive.open(entry) as file:
        start = io.BytesIO(file.read(MOST_HEADING_BYTES))
    version = version_of(start, entry.filename)
    shape, _, kind = HEADERS[version](start)
    heading = start.tell()
    if kind.hasobject:
        raise ObjectsError(f"'{entry.filename}' holds Python objects")
    stored = math.prod(shape) * kind.itemsize
    if min(shape, default=0) < 0 or stored != entry.file_size - heading:
        raise ValueError(f"'{entry.filename}' claims {stored:,} bytes, but has another size")
    return math.prod(shape) * max(item_bytes, kind.itemsize)


def version_of(file: IO[bytes], name: str) -> tuple[int, int]:
    """The format version of an array."""
    start = file.read(np.lib.format.MAGIC_LEN)
    if not start.startswith(np.lib.format.MAGIC_PREFIX):
        raise NoArrayError(f"'{name}' is not an array")
    major, minor = start[-2:]
    if (major, minor) not in HEADERS:
        raise ValueError(f"'{name}' has an unknown version")
    return major, minor


def read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(entry) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    return array
