"""Reading of arrays from an NPZ file by name; refuses damaged files and arrays that are missing or too large."""

import io
import zipfile
from collections.abc import Sequence

import numpy as np
from fitgap.runner.data.bounds import VALUE_BYTES, check_growth
from fitgap.runner.data.error_texts import file_error, nearest_column, visible
from fitgap.runner.errors import DataError
from fitgap.runner.files import array_archives
from fitgap.runner.files.array_archives import NoArrayError, ObjectsError

NEEDED = "an NPZ file needs 'inputs' and 'targets'; if targets have another name, give it with --target"


def read_arrays(source: str, content: bytes, names: Sequence[str], advice: str = NEEDED) -> dict[str, np.ndarray]:
    """The arrays called `names`; DataError if the file is damaged or, with `advice`, if an array is missing."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise file_error(source, "this is not a complete NPZ file; write it with numpy.savez or copy it again")
    try:
        present = array_archives.names_of(content)
        for name in names:
            check_present(source, name, present, advice)
        return {name: read_array(source, content, name) for name in names}
    except DataError:
        raise
    # With a damaged archive, zipfile, zlib and NumPy may raise almost any exception.
    except Exception as error:
        raise damaged_error(source, error) from None


def check_present(source: str, name: str, present: Sequence[str], advice: str) -> None:
    if name not in present:
        rule = f"there is no array '{visible(name)}': {nearest_column(name, present)}"
        raise file_error(source, f"{rule}; {advice}")


def read_array(source: str, content: bytes, name: str) -> np.ndarray:
    """One array of the archive; its size is checked before it is read."""

    def check_size(size: int) -> None:
        check_growth(source, size, len(content))

    try:
        return array_archives.read_arrays(content, check_size, [name], VALUE_BYTES)[name]
    except NoArrayError:
        raise file_error(source, f"'{visible(name)}' is not an array; write the file with numpy.savez") from None
    except ObjectsError:
        rule = f"array '{visible(name)}' holds Python objects, which could run code when loaded"
        raise file_error(source, f"{rule}; store numbers or text (dtype float, int, bool or str)") from None


def damaged_error(source: str, error: Exception) -> DataError:
    reason = visible(str(error).partition("\n")[0], longest=200)
    return file_error(source, f"the file is damaged ({reason}); write or copy it again")
