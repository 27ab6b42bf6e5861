"""NPZ files: the arrays `inputs` (N, n) and `targets` (N,) or (N, m) as written by `numpy.savez`.

Another name for the array of targets may be given. Its type tells classes from numbers as told in `targets`; several
columns are numbers. Other arrays in the file are ignored.
"""

import io
import zipfile
from collections.abc import Sequence

import numpy as np
from fitgap.core.data import Dataset
from fitgap.runner.data.bounds import MOST_ARRAY_COLUMNS, VALUE_BYTES, check_growth, check_width
from fitgap.runner.data.handling import Handling, check_complete
from fitgap.runner.data.targets import encode_targets
from fitgap.runner.data.wording import file_error, nearest_column, visible
from fitgap.runner.errors import DataError
from fitgap.runner.files import array_archives
from fitgap.runner.files.array_archives import NoArrayError, ObjectsError


def load_npz(source: str, content: bytes, target: Sequence[str], handling: Handling) -> Dataset:
    """The examples of an NPZ file; rows are counted from 1. Raises DataError for whatever is wrong with it."""
    target_name = choose_target(source, target)
    arrays = read_arrays(source, content, ("inputs", target_name))
    inputs, targets = arrays["inputs"], arrays[target_name]
    check_inputs(source, inputs)
    check_size(source, len(inputs))
    check_targets(source, target_name, targets, row_count=len(inputs))
    check_values(source, "inputs", inputs, may_miss=handling.missing != "refuse")
    check_values(source, target_name, targets)
    if handling.missing == "drop":
        complete = complete_rows(source, inputs)
        inputs, targets = inputs[complete], targets[complete]
    encoded = encode_targets(source, target_columns(target_name, targets))
    return Dataset(
        name=source,
        inputs=inputs.astype(np.float64),
        targets=encoded.values,
        target_kind=encoded.kind,
        input_names=numbered("input", inputs.shape[1]),
        target_names=encoded.names,
        class_names=encoded.class_names,
    )


def load_npz_inputs(source: str, content: bytes, input_count: int, handling: Handling) -> np.ndarray:
    """The array `inputs` (N, n_0) of a file of unseen examples, in float64."""
    inputs = read_arrays(source, content, ("inputs",))["inputs"]
    check_inputs(source, inputs)
    if len(inputs) == 0:
        raise file_error(source, "the file has no rows; at least 1 is needed")
    if inputs.shape[1] != input_count:
        rule = f"array 'inputs' has {inputs.shape[1]} columns, but the network was trained on {input_count}"
        raise file_error(source, f"{rule}; store these, in the same order")
    check_values(source, "inputs", inputs, may_miss=handling.fills)
    return inputs.astype(np.float64)


def choose_target(source: str, target: Sequence[str]) -> str:
    """The name of the array of targets."""
    if len(target) > 1:
        rule = f"an NPZ file has one array of targets, but {len(target)} were named; store them as columns of one array"
        raise file_error(source, rule)
    if "inputs" in target:
        raise file_error(source, "no input is left when 'inputs' is the target; name another array")
    return target[0] if target else "targets"


def read_arrays(source: str, content: bytes, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The arrays called `names`; DataError when the file is damaged or lacks one."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise file_error(source, "this is not a whole NPZ file; write it with numpy.savez or copy it again")
    try:
        present = array_archives.names_of(content)
        for name in names:
            check_present(source, name, present)
        return {name: read_array(source, content, name) for name in names}
    except DataError:
        raise
    # A damaged archive makes zipfile, zlib and NumPy raise nearly anything, and all of it means the same.
    except Exception as error:
        raise damaged_error(source, error) from None


def check_present(source: str, name: str, present: Sequence[str]) -> None:
    if name not in present:
        rule = f"there is no array '{visible(name)}': {nearest_column(name, present)}"
        raise file_error(source, f"{rule}; an NPZ file needs 'inputs' and 'targets', or the name of these by --target")


def read_array(source: str, content: bytes, name: str) -> np.ndarray:
    """One array of the archive, whose size is known before it is read."""

    def check_size(size: int) -> None:
        check_growth(source, size, len(content))

    try:
        return array_archives.read_arrays(content, check_size, [name], VALUE_BYTES)[name]
    except NoArrayError:
        raise file_error(source, f"'{visible(name)}' is no array; write the file with numpy.savez") from None
    except ObjectsError:
        rule = f"array '{visible(name)}' holds Python objects, which could run code when loaded"
        raise file_error(source, f"{rule}; store numbers or text (dtype float, int, bool or str)") from None


def damaged_error(source: str, error: Exception) -> DataError:
    reason = visible(str(error).partition("\n")[0], longest=200)
    return file_error(source, f"the file is damaged ({reason}); write or copy it again")


def check_inputs(source: str, inputs: np.ndarray) -> None:
    """Raises DataError unless `inputs` is a table of numbers with at least one column."""
    if inputs.dtype.kind not in "biuf":
        raise file_error(
            source, f"array 'inputs' holds {visible(inputs.dtype)}, but inputs must be numbers; convert it"
        )
    if inputs.ndim != 2:
        raise file_error(
            source, f"array 'inputs' has the shape {inputs.shape}, but must be a table of rows and columns"
        )
    if inputs.shape[1] == 0:
        raise file_error(source, "no input column is left; array 'inputs' needs at least one column")
    check_width(source, inputs.shape[1], MOST_ARRAY_COLUMNS)


def check_size(source: str, row_count: int) -> None:
    """Raises DataError unless there are rows for both sides."""
    if row_count < 2:
        found = "only 1 row" if row_count else "no rows"
        raise file_error(source, f"the file has {found}; at least 2 are needed, one to train and one to validate")


def check_targets(source: str, name: str, targets: np.ndarray, row_count: int) -> None:
    """Raises DataError unless `targets` has a row for each row of inputs and a type that can be learned."""
    if targets.dtype.kind not in "biufU":
        rule = f"array '{visible(name)}' holds {visible(targets.dtype)}, but targets must be numbers, text or booleans"
        raise file_error(source, f"{rule}; convert it")
    if targets.ndim not in (1, 2) or targets.size == 0:
        rule = f"array '{visible(name)}' has the shape {targets.shape}, but must be one column or a table of columns"
        raise file_error(source, rule)
    check_width(source, targets.size // len(targets), MOST_ARRAY_COLUMNS)
    if len(targets) != row_count:
        rule = f"array 'inputs' has {row_count} rows, but '{visible(name)}' has {len(targets)}"
        raise file_error(source, f"{rule}; both need one row per example")


def check_values(source: str, name: str, array: np.ndarray, *, may_miss: bool = False) -> None:
    """Raises DataError at the first value that is infinite or, unless it may be, missing (NaN, empty text)."""
    if array.dtype.kind == "U":
        raise_at(source, name, array == "", "missing")
    if array.dtype.kind == "f":
        if not may_miss:
            raise_at(source, name, np.isnan(array), "missing")
        # Long doubles may be too large for float64, which is what networks are trained on.
        with np.errstate(over="ignore"):
            raise_at(source, name, np.isinf(array.astype(np.float64)), "infinite")


def complete_rows(source: str, inputs: np.ndarray) -> np.ndarray:
    """Which rows of `inputs` (N, n) have all their values (N,); DataError when fewer than two have."""
    complete = np.logical_not(np.isnan(inputs.astype(np.float64)).any(axis=1))
    check_complete(source, int(complete.sum()), len(inputs))
    return complete


def raise_at(source: str, name: str, wrong: np.ndarray, fault: str) -> None:
    """Raises DataError at the first row and column where `wrong` is true, if there is one."""
    if not wrong.any():
        return
    row, *column = np.argwhere(wrong)[0] + 1
    place = f"array '{visible(name)}', row {row}" + (f", column {column[0]}" if column else "")
    raise file_error(source, f"{place}: the value is {fault}; correct it or remove the row")


def target_columns(name: str, targets: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of an array of targets by name."""
    if targets.ndim == 1:
        return {name: targets}
    if targets.shape[1] == 1:
        return {name: targets[:, 0]}
    return dict(zip(numbered(name, targets.shape[1]), targets.T, strict=True))


def numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}_{number + 1}" for number in range(count))
