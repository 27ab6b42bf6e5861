"""Conversion of arrays to bytes and back, never pickled: named arrays as .npz, sampled errors as raw numbers, counts of
examples as compressed numbers.
"""

import io
import zlib
from collections.abc import Mapping

import numpy as np
from fitgap.runner.errors import StoreError
from fitgap.runner.files.array_archives import read_arrays

# Arrays may take this much memory, or this many times their size in the database, whichever is more.
FREE_BYTES = 64 << 20
MOST_GROWTH = 200
FLOAT32 = np.dtype("<f4")
INT32 = np.dtype("<i4")


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The arrays as the content of an .npz file."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def unpacked(content: bytes) -> dict[str, np.ndarray]:
    """The arrays in the content of an .npz file.

    Raises StoreError if it is damaged, contains anything but plain arrays, or would expand implausibly.
    """
    try:
        return read_arrays(content, lambda size: check_growth(size, len(content)))
    except StoreError:
        raise
    # With a damaged archive, zipfile, zlib and NumPy may raise almost any exception.
    except Exception as error:
        reason = (str(error) or type(error).__name__).partition("\n")[0].partition(". ")[0]
        raise StoreError(f"arrays in the database cannot be read: {reason}; restore a backup") from None


def unpacked_parameters(content: bytes) -> np.ndarray:
    """The parameters (P,) of a stored network. Raises StoreError if there are none."""
    parameters = unpacked(content).get("parameters")
    if parameters is None or parameters.ndim != 1 or parameters.dtype.kind != "f":
        raise StoreError("a network in the database has no parameters; the database is damaged, so restore a backup")
    return parameters


def check_growth(read: int, stored: int) -> None:
    """Raise StoreError if arrays would expand to many times their size in the database."""
    if read > FREE_BYTES and read > MOST_GROWTH * stored:
        rule = (
            f"arrays in the database would grow from {stored:,} bytes to {read:,} when read, far more than any network"
        )
        raise StoreError(f"{rule}; the database is damaged or not written by fitgap, so restore a backup")


def packed_errors(errors: np.ndarray) -> bytes:
    """Errors (…, 2, n) of a sample as raw float32, because a hundred thousand such blobs are read at once."""
    return errors.astype(FLOAT32).tobytes()


def unpacked_errors(content: bytes) -> np.ndarray:
    """The errors (2, 2, n) after the best and the last epoch. Raises StoreError for an impossible length."""
    return unpacked_sides(content, 4).reshape(2, 2, -1)


def unpacked_sides(content: bytes, rows: int) -> np.ndarray:
    """The inverse of `packed_errors`, as (rows, n). Raises StoreError for an impossible length."""
    if len(content) % (rows * FLOAT32.itemsize):
        rule = f"the errors of a sample have {len(content)} bytes, not a multiple of {rows * FLOAT32.itemsize}"
        raise StoreError(f"{rule}; the database is damaged, so restore a backup")
    return np.frombuffer(content, FLOAT32).reshape(rows, -1)


def packed_counts(counts: np.ndarray) -> bytes:
    """Counts as compressed integers: a confusion matrix is mostly zeros."""
    return zlib.compress(counts.astype(INT32).tobytes())


def unpacked_counts(content: bytes, rows: int) -> np.ndarray:
    """The counts (rows, n) of `rows` classes. Raises StoreError if they are damaged, or too many."""
    most = INT32.itemsize * rows * (rows + 1)
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(content, most + 1)
    except zlib.error:
        found = b""
    if not found or len(found) > most or not unpacking.eof or len(found) % (INT32.itemsize * rows):
        raise StoreError(f"the counts of {rows} classes cannot be read; the database is damaged, so restore a backup")
    return np.frombuffer(found, INT32).reshape(rows, -1)
