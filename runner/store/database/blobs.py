"""Arrays as bytes and back, never pickled: named ones as NumPy's .npz, errors of samples as plain numbers."""

import io
from collections.abc import Mapping

import numpy as np
from fitgap.runner.errors import StoreError
from fitgap.runner.files.array_archives import read_arrays

# What is read takes no more memory than this, or else not so many times as much as it takes in the database.
FREE_BYTES = 64 << 20
MOST_GROWTH = 200
FLOAT32 = np.dtype("<f4")


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The arrays as the content of an .npz file."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def unpacked(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of an .npz file. Raises StoreError for one that is damaged, holds anything but plain arrays, or would
    take far more memory than room in the database."""
    try:
        return read_arrays(content, lambda size: check_growth(size, len(content)))
    except StoreError:
        raise
    # A damaged archive makes zipfile, zlib and NumPy raise nearly anything.
    except Exception as error:
        reason = (str(error) or type(error).__name__).partition("\n")[0].partition(". ")[0]
        raise StoreError(f"arrays in the database cannot be read: {reason}; go back to a copy of it") from None


def unpacked_parameters(content: bytes) -> np.ndarray:
    """The parameters (P,) of a stored network. Raises StoreError where there are none."""
    parameters = unpacked(content).get("parameters")
    if parameters is None or parameters.ndim != 1 or parameters.dtype.kind != "f":
        raise StoreError("a network in the database has no parameters, which is damage; go back to a copy of it")
    return parameters


def check_growth(read: int, stored: int) -> None:
    """Raises StoreError where arrays would take many times as much memory as they take in the database."""
    if read > FREE_BYTES and read > MOST_GROWTH * stored:
        rule = f"arrays in the database would grow from {stored:,} bytes to {read:,} when read, as no network does"
        raise StoreError(f"{rule}; this is damage or not of fitgap, so go back to a copy of it")


def packed_errors(errors: np.ndarray) -> bytes:
    """Errors (2, 2, n) of a sample as plain numbers, since a hundred thousand of them are read at once."""
    return errors.astype(FLOAT32).tobytes()


def unpacked_errors(content: bytes) -> np.ndarray:
    """The errors (2, 2, n) that `packed_errors` wrote. Raises StoreError where they cannot be that."""
    if len(content) % (4 * FLOAT32.itemsize):
        raise StoreError(f"the errors of a sample have {len(content)} bytes, which is damage; go back to a copy of it")
    return np.frombuffer(content, FLOAT32).reshape(2, 2, -1)
