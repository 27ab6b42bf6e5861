"""Reader of NPZ files: the arrays `inputs` (N, n) and `targets` (N,) or (N, m) as written by `numpy.savez`.

Inputs may have axes, (N, steps, channels) or (N, height, width, channels), for networks with convolutions.
The target array may have another name, given as the target. Its type decides between classes and numbers by the rules
in `targets.py`; several columns are always numbers. A third array (N,) may hold the weights of the examples. Other
arrays in the file are ignored.
"""

import math
from collections.abc import Sequence

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.example_weights import WEIGHT
from fitgap.runner.data.bounds import MOST_ARRAY_COLUMNS, check_width
from fitgap.runner.data.columns.targets import encode_targets
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.formats.npz_arrays import read_arrays
from fitgap.runner.data.formats.padded_arrays import BY_NAN, with_padding
from fitgap.runner.data.handling import Handling, check_complete
from fitgap.runner.data.loaded_files import Losses
from fitgap.runner.data.scaled_files import check_unscaled
from fitgap.runner.files.array_archives import names_of

NEEDED_TO_PREDICT = "to predict, an NPZ file needs the array 'inputs'"


def load_npz(
    source: str,
    content: bytes,
    target: Sequence[str],
    handling: Handling,
    weight: str | None = None,
    lengths: str | None = None,
) -> tuple[Dataset, Losses]:
    """The examples in an NPZ file, and what was left out; messages count rows from 1. DataError if it is invalid.

    `weight` names the array with the weights of the examples. `lengths` names the array with the lengths of sequences,
    or is BY_NAN.
    """
    target_name = choose_target(source, target)
    check_weight_name(source, weight, target_name)
    arrays = read_arrays(source, content, ("inputs", target_name))
    inputs, targets = as_double(arrays["inputs"]), as_double(arrays[target_name])
    if lengths is not None:
        inputs = read_padded(source, content, inputs, lengths)
    axes, inputs = axes_of(inputs), flat(inputs)
    check_inputs(source, inputs)
    check_size(source, len(inputs))
    check_targets(source, target_name, targets, row_count=len(inputs))
    check_values(source, "inputs", inputs, may_miss=handling.missing != "refuse" or lengths is not None)
    check_values(source, target_name, targets, may_miss=handling.drops_untargeted)
    weights = None if weight is None else read_weights(source, content, weight, len(inputs))
    inputs, targets, kept, losses = without_losses(source, inputs, targets, handling, is_padded=lengths is not None)
    encoded = encode_targets(source, target_columns(target_name, targets), handling)
    dataset = Dataset(
        name=source,
        inputs=inputs.astype(np.float64),
        targets=encoded.values,
        target_kind=encoded.kind,
        input_names=numbered("input", inputs.shape[1]),
        target_names=encoded.names,
        class_names=encoded.class_names,
        marks={} if weights is None else {WEIGHT: weights[kept]},
        input_axes=axes,
        is_padded=lengths is not None,
    )
    return dataset, losses


def read_padded(source: str, content: bytes, inputs: np.ndarray, lengths: str) -> np.ndarray:
    """The sequences with NaN after the last step of each."""
    if lengths == BY_NAN:
        return with_padding(source, inputs, lengths, None)
    advice = "name the array of lengths with --lengths, or write nan if padded steps are NaN"
    return with_padding(source, inputs, lengths, read_arrays(source, content, (lengths,), advice)[lengths])


def axes_of(inputs: np.ndarray) -> tuple[int, ...]:
    """The axes of an example in an array of inputs; () for a table."""
    return inputs.shape[1:] if inputs.ndim in (3, 4) else ()


def flat(inputs: np.ndarray) -> np.ndarray:
    """Inputs with axes as a table (N, n)."""
    return inputs.reshape(len(inputs), math.prod(inputs.shape[1:])) if axes_of(inputs) else inputs


def check_weight_name(source: str, weight: str | None, target_name: str) -> None:
    """Raise DataError if the array of weights is also the inputs or the targets."""
    if weight in ("inputs", target_name):
        use = "the inputs" if weight == "inputs" else "a target"
        raise file_error(source, f"array '{visible(weight)}' is {use} and cannot be the weight; name another array")


def read_weights(source: str, content: bytes, name: str, row_count: int) -> np.ndarray:
    """The weights (N,) as float64. DataError unless every weight is at least 0 and one is above 0."""
    array = read_arrays(source, content, (name,), "name the array of weights with --weight")[name]
    shown = f"array '{visible(name)}'"
    if array.dtype.kind not in "biuf":
        raise file_error(
            source, f"{shown} holds {visible(array.dtype)}, but weights must be non-negative numbers; convert it"
        )
    if array.shape not in ((row_count,), (row_count, 1)):
        rule = f"{shown} has the shape {array.shape}, but there are {row_count} rows of inputs"
        raise file_error(source, f"{rule}; store one weight for each example")
    check_values(source, name, array)
    values = np.asarray(as_double(array), np.float64).reshape(row_count)
    raise_at(source, name, values < 0, "negative")
    if not values.any():
        raise file_error(source, f"all weights in {shown} are 0; at least one must be above 0")
    return values


def as_double(array: np.ndarray) -> np.ndarray:
    """Floating-point numbers as float64; others unchanged. Long doubles may overflow."""
    if array.dtype.kind != "f":
        return array
    with np.errstate(all="ignore"):
        return array.astype(np.float64, copy=False)


def without_losses(
    source: str, inputs: np.ndarray, targets: np.ndarray, handling: Handling, is_padded: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Losses]:
    """The examples that are kept, their rows in the file, and what was left out; padding does not count as missing."""
    rows = np.arange(len(inputs))
    untargeted = 0
    if handling.drops_untargeted and (lacking := missing_rows(targets)).any():
        untargeted = int(lacking.sum())
        inputs, targets, rows = inputs[~lacking], targets[~lacking], rows[~lacking]
        check_size(source, len(inputs))
    count = int(np.isnan(inputs).sum()) if inputs.dtype.kind == "f" and not is_padded else 0
    if handling.checks and count == inputs.size:
        raise file_error(source, "array 'inputs' has no values, only NaN; store numbers in it")
    incomplete = 0
    if handling.drops and not is_padded:
        complete = complete_rows(source, inputs)
        incomplete = len(inputs) - int(complete.sum())
        inputs, targets, rows = inputs[complete], targets[complete], rows[complete]
    return inputs, targets, rows, Losses(untargeted, incomplete, {"inputs": count} if count else {})


def missing_rows(targets: np.ndarray) -> np.ndarray:
    """Which rows (N,) of `targets` lack a value: NaN or empty text."""
    if targets.dtype.kind == "f":
        absent = np.isnan(targets)
    else:
        absent = targets == "" if targets.dtype.kind == "U" else np.zeros(targets.shape, bool)
    return absent if absent.ndim == 1 else absent.any(axis=1)


def load_npz_inputs(
    source: str,
    content: bytes,
    input_count: int,
    axes: tuple[int, ...],
    handling: Handling,
    lengths: str | None = None,
) -> np.ndarray:
    """The array `inputs` (N, n_0) of unseen examples, as float64. Raises DataError for an invalid file.

    If the array has axes, they must be `axes`, unless these are (). `lengths` is as in `load_npz`.
    """
    inputs = read_arrays(source, content, ("inputs",), NEEDED_TO_PREDICT)["inputs"]
    check_unscaled(source, names_of(content))
    if axes and axes_of(inputs) not in ((), axes):
        rule = f"array 'inputs' has the shape {inputs.shape}, but the network was trained on examples of shape {axes}"
        raise file_error(source, f"{rule}; store them in this shape")
    if lengths is not None:
        inputs = read_padded(source, content, as_double(inputs), lengths)
    inputs = flat(inputs)
    check_inputs(source, inputs)
    if len(inputs) == 0:
        raise file_error(source, "the file has no rows; at least 1 is needed")
    if inputs.shape[1] != input_count:
        rule = f"array 'inputs' has {inputs.shape[1]} columns, but the network was trained on {input_count}"
        raise file_error(source, f"{rule}; store the same columns in the same order")
    check_values(source, "inputs", inputs, may_miss=handling.fills or lengths is not None)
    return inputs.astype(np.float64)


def choose_target(source: str, target: Sequence[str]) -> str:
    """The name of the target array; DataError if several are named, or `inputs` is."""
    if len(target) > 1:
        rule = f"an NPZ file has one array of targets, but {len(target)} were named; store them as columns of one array"
        raise file_error(source, rule)
    if "inputs" in target:
        raise file_error(source, "no input is left if 'inputs' is the target; name another array")
    return target[0] if target else "targets"


def check_inputs(source: str, inputs: np.ndarray) -> None:
    """Raise DataError unless `inputs` is a table of numbers with at least one column."""
    if inputs.dtype.kind not in "biuf":
        raise file_error(
            source, f"array 'inputs' holds {visible(inputs.dtype)}, but inputs must be numbers; convert it"
        )
    if inputs.ndim != 2:
        raise file_error(
            source,
            f"array 'inputs' has the shape {inputs.shape}, but must be a table of rows and columns, "
            "(N, steps, channels) or (N, height, width, channels)",
        )
    if inputs.shape[1] == 0:
        raise file_error(source, "no input column is left; array 'inputs' needs at least one column")
    check_width(source, inputs.shape[1], MOST_ARRAY_COLUMNS)


def check_size(source: str, row_count: int) -> None:
    """Raise DataError if there are fewer than two rows."""
    if row_count < 2:
        found = "only 1 row" if row_count else "no rows"
        raise file_error(source, f"the file has {found}; at least 2 are needed, one to train and one to validate")


def check_targets(source: str, name: str, targets: np.ndarray, row_count: int) -> None:
    """Raise DataError unless `targets` has one row per row of inputs and a supported type."""
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
    """Raise DataError for the first value that is infinite or, unless `may_miss`, missing (NaN, empty text)."""
    if array.dtype.kind == "U" and not may_miss:
        raise_at(source, name, array == "", "missing")
    if array.dtype.kind == "f":
        if not may_miss:
            raise_at(source, name, np.isnan(array), "missing")
        # Long doubles may overflow when converted to float64.
        with np.errstate(over="ignore"):
            raise_at(source, name, np.isinf(array.astype(np.float64)), "infinite")


def complete_rows(source: str, inputs: np.ndarray) -> np.ndarray:
    """Which rows (N,) of `inputs` (N, n) are complete; DataError if fewer than two are."""
    complete = np.logical_not(np.isnan(inputs.astype(np.float64)).any(axis=1))
    check_complete(source, int(complete.sum()), len(inputs))
    return complete


def raise_at(source: str, name: str, wrong: np.ndarray, fault: str) -> None:
    """Raise DataError for the first row and column where `wrong` is true, if there is one."""
    if not wrong.any():
        return
    row, *column = np.argwhere(wrong)[0] + 1
    place = f"array '{visible(name)}', row {row}" + (f", column {column[0]}" if column else "")
    raise file_error(source, f"{place}: the value is {fault}; correct it or remove the row")


def target_columns(name: str, targets: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of a target array by name."""
    if targets.ndim == 1:
        return {name: targets}
    if targets.shape[1] == 1:
        return {name: targets[:, 0]}
    return dict(zip(numbered(name, targets.shape[1]), targets.T, strict=True))


def numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}_{number + 1}" for number in range(count))
