"""Wrong data files: for each file in `wrong_files`, the target to ask for and what the message must contain."""

from pathlib import Path

WRONG_FOLDER = Path(__file__).parents[2] / "runner" / "data" / "wrong_files"

KIND = ("kind",)

# File name -> (target columns, regular expression that the message must contain).
WRONG_FILES: dict[str, tuple[tuple[str, ...], str]] = {
    "blank.csv": (KIND, "the file is empty"),
    "blank_line.csv": (KIND, "line 3 is blank"),
    "control_characters.csv": (KIND, r"line 3, column 'height': '\\x1b\[31m\\x07red' is not a number"),
    "duplicate_columns.csv": (KIND, "2 columns are named 'width'"),
    "empty.csv": (KIND, "the file is empty"),
    "header_only.csv": (KIND, "has no rows"),
    "huge_text.csv": (KIND, "line 3, column 'height': 'x{60}…' is not a number"),
    "infinite.csv": (KIND, "line 3, column 'width': the value is infinite"),
    "latin1.csv": (KIND, "line 3 is not valid UTF-8"),
    "missing_cell.csv": (KIND, "line 5, column 'height': the value is missing; .*data.missing"),
    "missing_target.csv": (KIND, "line 3, column 'kind': the value is missing"),
    "mistyped_number.csv": (KIND, "line 152, column 'width': '12O' is not a number"),
    "nan.csv": (KIND, "line 3, column 'height': the value is missing"),
    "no_inputs.csv": (KIND, "no input column is left"),
    "no_target.csv": ((), "name the target column with --target COLUMN or data.target; columns: width, height, kind"),
    "one_class.csv": (KIND, "target column 'kind' has only one class, 'a'"),
    "open_quote.csv": (KIND, "unbalanced quotation marks"),
    "semicolons.csv": (KIND, "must be separated by commas"),
    "single_row.csv": (KIND, "only 1 row"),
    "target_twice.csv": (("kind", "kind"), "target column 'kind' is named twice"),
    "text_column.csv": (KIND, "line 2, column 'colour': 'red' is text, .*data.text"),
    "too_few_cells.csv": (KIND, "line 3 has 2 cells, but line 1 has 3"),
    "too_few_cells_after_quotes.csv": (KIND, "line 4 has 2 cells, but line 1 has 3"),
    "too_large_number.csv": (KIND, "line 3, column 'width': the value is infinite"),
    "too_many_cells.csv": (KIND, "line 4 has 4 cells, but line 1 has 3"),
    "two_class_targets.csv": (("width", "kind"), "several target columns must all hold numbers"),
    "unknown_target.csv": (("kinds",), "no target column 'kinds': did you mean 'kind'.*width, height, kind"),
    "unnamed_column.csv": (KIND, "column 1 has no name"),
    "utf16.csv": (KIND, "line 1 is not valid UTF-8"),
    "damaged.parquet": (KIND, "the file is damaged"),
    # polars panics on the first and aborts its process on the second.
    "breaks_reader.parquet": (KIND, r"the file is damaged \(.*assertion failed.*\); write or copy it again"),
    "kills_reader.parquet": (KIND, r"the file is damaged \(it crashes the reader\); write or copy it again"),
    "date_target.parquet": (("day",), "target column 'day' holds Date"),
    "dates.parquet": (KIND, "column 'day' holds Date"),
    "nan.parquet": (KIND, "row 2, column 'width': the value is missing"),
    "null.parquet": (KIND, "row 3, column 'width': the value is missing"),
    "text_column.parquet": (KIND, "row 1, column 'colour': 'red' is text"),
    "truncated.parquet": (KIND, "not a complete Parquet file"),
    "bytes_target.npz": ((), r"array 'targets' holds \|S1"),
    "deep_targets.npz": ((), r"has the shape \(4, 1, 1\)"),
    "flat_inputs.npz": ((), r"'inputs' has the shape \(4,\)"),
    "infinite_target.npz": ((), "array 'targets', row 3: the value is infinite"),
    "lengths.npz": ((), "'inputs' has 4 rows, but 'targets' has 3"),
    "nan.npz": ((), "array 'inputs', row 2, column 2: the value is missing"),
    "no_columns.npz": ((), "no input column is left"),
    "no_inputs_array.npz": ((), "no array 'inputs': did you mean 'input'"),
    "no_targets_array.npz": ((), "no array 'targets': known: inputs, labels"),
    "not_an_array.npz": ((), "'inputs' is not an array"),
    "not_arrays.npz": ((), "'inputs' is not an array"),
    "objects.npz": ((), "array 'targets' holds Python objects"),
    "one_class.npz": ((), "has only one class, 'a'"),
    "single_row.npz": ((), "only 1 row"),
    "text_columns.npz": ((), "several target columns must all hold numbers"),
    "text_inputs.npz": ((), "array 'inputs' holds <U1"),
    "truncated.npz": ((), "not a complete NPZ file"),
}

DROP, FILL, ONE_HOT = {"missing": "drop"}, {"missing": "mean"}, {"text": "one_hot"}

# File name, target columns, allowed treatments -> what the message must still contain.
WRONG_HANDLINGS: list[tuple[str, tuple[str, ...], dict[str, str], str]] = [
    ("missing_target.csv", KIND, DROP, "line 3, column 'kind': the value is missing; fill it in or remove the row$"),
    ("missing_target.csv", KIND, FILL, "line 3, column 'kind': the value is missing"),
    ("infinite.csv", KIND, FILL, "line 3, column 'width': the value is infinite"),
    ("mistyped_number.csv", KIND, ONE_HOT, "line 152, column 'width': '12O' is not a number"),
    ("control_characters.csv", KIND, ONE_HOT, r"line 3, column 'height': '\\x1b\[31m\\x07red' is not a number"),
    ("text_column.csv", KIND, FILL, "line 2, column 'colour': 'red' is text"),
    ("missing_text.csv", KIND, ONE_HOT, "line 3, column 'colour': the value is missing"),
    ("missing_text.csv", KIND, FILL, "line 2, column 'colour': 'red' is text"),
    (
        "never_complete.csv",
        KIND,
        DROP,
        "only 0 of the 4 rows have all their inputs; at least 2 are needed; choose mean",
    ),
    ("once_complete.csv", KIND, DROP, "only 1 of the 4 rows have all their inputs"),
    ("one_class_complete.csv", KIND, DROP, "target column 'kind' has only one class, 'a'"),
    ("names_clash.csv", KIND, ONE_HOT, "2 inputs would be named 'colour=red' .*rename a column"),
    ("many_categories.csv", KIND, ONE_HOT, "have 1003 categories, but may have at most 1000; 'id' alone has 1001"),
    ("no_text.parquet", KIND, {**FILL, **ONE_HOT}, "column 'colour' has no values; remove it"),
    ("dates.parquet", KIND, {**FILL, **ONE_HOT}, "column 'day' holds Date"),
    ("never_complete.npz", (), DROP, "only 0 of the 4 rows have all their inputs"),
    ("nan_and_infinite.npz", (), FILL, "array 'inputs', row 3, column 1: the value is infinite"),
    ("text_inputs.npz", (), ONE_HOT, "array 'inputs' holds <U1"),
]
