"""Arrays as bytes and back, never pickled: named ones as NumPy's .npz, errors of samples as plain numbers."""

import io
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from runner.errors import StoreError

FLOAT32 = np.dtype("<f4")


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The arrays as the content of an .npz file."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def unpacked(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of an .npz file. Raises StoreError for one that is damaged or holds anything but plain arrays."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, TypeError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise StoreError(f"arrays in the database cannot be read: {reason}; go back to a copy of it") from None


def packed_errors(errors: np.ndarray) -> bytes:
    """Errors (2, 2, n) of a sample as plain numbers, since a hundred thousand of them are read at once."""
    return errors.astype(FLOAT32).tobytes()


def unpacked_errors(content: bytes) -> np.ndarray:
    """The errors (2, 2, n) that `packed_errors` wrote. Raises StoreError where they cannot be that."""
    if len(content) % (4 * FLOAT32.itemsize):
        raise StoreError(f"the errors of a sample have {len(content)} bytes, which is damage; go back to a copy of it")
    return np.frombuffer(content, FLOAT32).reshape(2, 2, -1)
