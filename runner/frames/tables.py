"""Tables in memory, from polars, pandas, Arrow or NumPy, as the content of a data file."""

import io
import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from fitgap.core.example_weights import WEIGHT
from fitgap.runner.data.formats.csv_files import given_names
from fitgap.runner.data.memory import keep
from fitgap.runner.errors import DataError

KINDS = "a polars or pandas frame, an Arrow table, a NumPy array, or a pair (X, y)"
TARGET = "target"
# The allowed types of the cells of an array of objects.
CELLS = (int, float, str, bool, np.generic, Decimal, date, timedelta, time)
# Flags in messages with the equivalent key: `--inputs (data.inputs)`, `--target COLUMN or data.target`.
FLAG_AND_KEY = re.compile(r"--[a-z-]+(?: [A-Z]+| '[^']*')? (?:\((data\.\w+)\)|or (data\.\w+))")
FLAG = re.compile(r"--([a-z]+(?:-[a-z]+)*)")
MEMORY = re.compile(r"memory:[0-9a-f]+")


def in_python(message: str) -> str:
    """A message about data in memory, with keys instead of the flags of commands, and without an internal name."""
    message = FLAG_AND_KEY.sub(lambda found: found[1] or found[2], message)
    message = FLAG.sub(lambda found: f"data.{found[1].replace('-', '_')}", message)
    return MEMORY.sub("the data in memory", message).replace("the file has", "the table has")


def is_table(value: object) -> bool:
    """Whether a value is data, as opposed to the name of a data set, a path, or settings."""
    if isinstance(value, tuple):
        return len(value) == 2 and not all(isinstance(each, str) for each in value)
    is_frame = hasattr(value, "__arrow_c_stream__") or hasattr(value, "__dataframe__") or hasattr(value, "iloc")
    return isinstance(value, (pl.DataFrame, pl.LazyFrame, np.ndarray)) or is_frame


def with_kept_table(sweep: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping of a sweep with its table, if it has one, replaced by the name under which its content is kept.

    Raises DataError for data of another kind.
    """
    sweep = dict(sweep)
    target = sweep.pop("target", None)
    weight = sweep.pop("weight", None)
    data = sweep.get("data")
    section = dict(data) if isinstance(data, Mapping) else {"source": data}
    if target is not None:
        section["target"] = target
    if weight is not None:
        section["weight"] = weight
    if is_table(section.get("source")):
        frame, names = frame_of(section["source"])
        if names and section.get("target") is None:
            section["target"] = names
        if section.get("weight") is not None and not isinstance(section["weight"], str):
            frame, section["weight"] = with_weights(frame, section["weight"])
        section["source"] = keep(as_file(frame))
    elif target is None and weight is None:
        return sweep
    return {**sweep, "data": section}


def with_weights(frame: pl.DataFrame, weights: Any) -> tuple[pl.DataFrame, str]:
    """The table with a column of weights, and the name of this column."""
    column = as_frame(weights, WEIGHT)
    if column.width != 1 or column.height != frame.height:
        rule = f"weight must have one number for each of the {frame.height} rows, or name a column"
        raise DataError(f"{rule}, but has the shape {column.shape}")
    name = WEIGHT if WEIGHT not in frame.columns else f"{WEIGHT}_of_examples"
    return frame.with_columns(column.to_series().alias(name)), name


def frame_of(value: Any) -> tuple[pl.DataFrame, list[str]]:
    """The table as a polars frame, and the names of its targets if it is a pair."""
    if isinstance(value, tuple):
        return joined(*value)
    return as_frame(value, "column"), []


def joined(inputs: Any, targets: Any) -> tuple[pl.DataFrame, list[str]]:
    """The table of a pair (X, y)."""
    left = as_frame(inputs, "input")
    right = as_frame(targets, TARGET)
    if left.height != right.height:
        raise DataError(f"X has {left.height} rows, but y has {right.height}; both need one row per example")
    taken = set(left.columns)
    right.columns = [name if name not in taken else f"{TARGET}_{name}" for name in right.columns]
    return pl.concat([left, right], how="horizontal"), right.columns


def as_frame(value: Any, name: str) -> pl.DataFrame:
    """A table or a column as a polars frame; columns without names are numbered."""
    try:
        found = converted(value, name)
    except DataError:
        raise
    # A foreign library may raise any exception.
    except Exception as error:
        reason = str(error).partition("\n")[0][:200]
        raise DataError(f"the data in memory cannot be read ({type(error).__name__}: {reason}); use {KINDS}") from None
    if found is None:
        raise DataError(f"data may be {KINDS}, but received {type(value).__name__}")
    return found


def converted(value: Any, name: str) -> pl.DataFrame | None:
    """A table or a column as a polars frame; None if it is neither."""
    match value:
        case pl.DataFrame():
            return value
        case pl.LazyFrame():
            return value.collect()
        case pl.Series():
            return value.alias(value.name or name).to_frame()
        case np.ndarray():
            return from_array(value, name)
        case list():
            return from_array(np.asarray(value), name)
    if hasattr(value, "iloc"):
        return from_pandas(value, name)
    return pl.DataFrame(value) if hasattr(value, "__arrow_c_stream__") else None


def from_array(array: np.ndarray, name: str) -> pl.DataFrame:
    """A NumPy array of one or two dimensions, or with named fields."""
    if array.dtype.names:
        return pl.DataFrame({field: pl.Series(field, array[field]) for field in array.dtype.names})
    if array.ndim == 1:
        return pl.DataFrame({name: as_column(name, array)})
    if array.ndim != 2:
        raise DataError(f"an array must have one or two dimensions, but has the shape {array.shape}")
    names = [f"{name}_{number + 1}" for number in range(array.shape[1])] if array.shape[1] != 1 else [name]
    return pl.DataFrame([as_column(each, column) for each, column in zip(names, array.T, strict=True)])


def as_column(name: str, values: np.ndarray) -> pl.Series:
    """A column of an array. Raises DataError if it holds anything but numbers, text, truth values and times."""
    kind = values.dtype.kind
    if kind == "O":
        check_objects(name, values)
        return pl.Series(name, values.tolist(), strict=False)
    if kind in "cV":
        advice = "give real and imaginary parts as two columns" if kind == "c" else "give numbers"
        raise DataError(f"'{name}' holds {values.dtype}, which cannot be trained on; {advice}")
    # Convert times, texts and long floats to types that Polars has.
    usual = {"M": "datetime64[us]", "m": "timedelta64[us]", "S": "U"}.get(kind)
    if kind == "f" and values.dtype.itemsize > 8:
        usual = "float64"
    return pl.Series(name, np.ascontiguousarray(values if usual is None else values.astype(usual)))


def check_objects(name: str, values: np.ndarray) -> None:
    """Raise DataError for the first Python object in a column that is not a number, text, truth value or time."""
    for row, each in enumerate(values.tolist(), start=1):
        if each is not None and not isinstance(each, CELLS):
            rule = f"'{name}' holds Python objects ({type(each).__name__} in row {row}), which cannot be trained on"
            raise DataError(f"{rule}; give numbers or text, such as X.astype(float)")


def from_pandas(value: Any, name: str) -> pl.DataFrame:
    """A pandas frame or column, without its index. Unlike a conversion by pandas itself, this does not need pyarrow."""
    frame = value.to_frame(value.name if value.name is not None else name) if value.ndim == 1 else value
    names = given_names([str(each) for each in frame.columns], header=True)
    columns = [pandas_column(each, frame.iloc[:, number]) for number, each in enumerate(names)]
    return pl.DataFrame(columns)


def pandas_column(name: str, column: Any) -> pl.Series:
    """A column of pandas; missing values become null."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufbMm":
        return pl.Series(name, column.to_numpy(), nan_to_null=True)
    missing = column.isna().to_numpy()
    values = [None if gone else each for each, gone in zip(column.tolist(), missing, strict=True)]
    kinds = {type(each) for each in values if each is not None}
    if len(kinds) > 1 and not kinds <= {int, float, bool}:
        values = [None if each is None else str(each) for each in values]
    return pl.Series(name, values, strict=False)


def as_file(frame: pl.DataFrame) -> bytes:
    """The content of an Arrow file. It is not compressed, so that its size reflects how much memory it takes."""
    if not frame.width:
        raise DataError("the data in memory have no columns; give a table with inputs and a target")
    usable = [
        pl.Series(column.name, [str(each) if each is not None else None for each in column])
        if column.dtype in (pl.Object, pl.Unknown)
        else column
        for column in frame
    ]
    content = io.BytesIO()
    pl.DataFrame(usable).write_ipc(content, compression="uncompressed")
    return content.getvalue()
