"""Named arrays as bytes and back: NumPy's .npz, never pickled."""

import io
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from runner.errors import StoreError


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
