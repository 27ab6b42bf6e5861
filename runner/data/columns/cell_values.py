"""Types of text columns: numbers with either decimal mark, true/false, and words for missing values."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import polars
from fitgap.runner.data.error_texts import file_error, visible

# Words for missing values in any column, and those that count only among numbers: `None` may be a category.
ALWAYS_MISSING = ("NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "NULL", "null", "?")
MISSING_AMONG_NUMBERS = (
    *ALWAYS_MISSING,
    *("None", "none", "-", "--", ".", "..", "na", "Null", "missing", "*"),
    *("#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!"),
)

# The first group of digits never begins with 0, so 0.500 is one half.
COMMA_DECIMAL = r"^[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)?(,\d+)?([eE][+-]?\d+)?$"
# Groups of three digits, as in 1,234,567 or 1.234.567.
COMMA_GROUPS = r"^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$"
POINT_GROUPS = r"^[+-]?[1-9]\d{0,2}(\.\d{3})+$"
TWO_MARKS = r",.*[,.]"
PLAIN = r"^[+-]?\d+(\.\d+)?$"
LEADING_ZERO = r"^[+-]?0\d"


@dataclass(frozen=True)
class CellRules:
    """How the cells of a text table become values.

    `missing` and `missing_numbers` are words for missing values in any column and in columns of numbers. With `codes`,
    a column of integers is text if one has a leading zero.
    """

    decimal: str = "."
    missing: tuple[str, ...] = ()
    missing_numbers: tuple[str, ...] = ()
    codes: bool = False

    @classmethod
    def usual(cls, decimal: str, words: Collection[str] | None) -> "CellRules":
        """The rules for files of unknown origin; `words` replaces the known words for missing values."""
        if words is None:
            return cls(decimal, ALWAYS_MISSING, MISSING_AMONG_NUMBERS, codes=True)
        return cls(decimal, tuple(words), tuple(words), codes=True)


STRICT_CELLS = CellRules()


def typed_column(column: polars.Series, rules: CellRules = STRICT_CELLS) -> polars.Series:
    """The column as integers, floats or booleans if every cell can be converted, otherwise as text."""
    if column.dtype != polars.String:
        return without_numbers(column, rules)
    if rules.decimal == "," and (found := from_commas(without(column, rules.missing_numbers))) is not None:
        return found
    numbers = as_numbers(column, rules)
    if numbers is None and rules.missing_numbers:
        present = without(column, rules.missing_numbers)
        if rules.codes:
            present = present.str.replace("^[−–]", "-")
        numbers = as_numbers(present, rules)
        if numbers is None:
            numbers = from_groups(present, rules.decimal)
    if numbers is not None:
        return without_numbers(numbers, rules)
    column = without(column, rules.missing)
    words = column.str.to_lowercase()
    return words == "true" if words.drop_nulls().is_in(["true", "false"]).all() else column


def stored_column(column: polars.Series, rules: CellRules) -> polars.Series:
    """A column of a file that stores types, with words and numbers for missing values replaced by null."""
    return without(column, rules.missing) if column.dtype == polars.String else without_numbers(column, rules)


def as_numbers(column: polars.Series, rules: CellRules) -> polars.Series | None:
    """The column as integers or floats; None if a cell is not a number or the column holds codes."""
    for number in (polars.Int64, polars.Float64):
        numbers = column.cast(number, strict=False)
        if numbers.null_count() == column.null_count():
            has_codes = rules.codes and number == polars.Int64 and column.str.contains(LEADING_ZERO).any()
            return None if has_codes else numbers
    return None


def without(column: polars.Series, words: Collection[str]) -> polars.Series:
    """The text column with these words replaced by missing values."""
    if not words or not column.is_in(list(words)).any():
        return column
    return column.set(column.is_in(list(words)).fill_null(False), None)


def without_numbers(column: polars.Series, rules: CellRules) -> polars.Series:
    """A column of numbers with those that the user named as missing values, such as -999, replaced by null."""
    values = [float(word) for word in rules.missing if is_plain_number(word)]
    if not values or not column.dtype.is_numeric():
        return column
    absent = column.cast(polars.Float64).is_in(values).fill_null(False)
    return column.zip_with(~absent, polars.Series(column.name, [None], column.dtype))


def is_plain_number(word: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?", word) is not None


def from_commas(column: polars.Series) -> polars.Series | None:
    """Numbers with a decimal comma, and points between groups of digits; None if a cell is something else."""
    present = column.drop_nulls()
    if not present.str.contains(",|" + POINT_GROUPS).any() or not present.str.contains(COMMA_DECIMAL).all():
        return None
    plain = column.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return plain.cast(polars.Float64, strict=False)


def from_groups(column: polars.Series, decimal: str) -> polars.Series | None:
    """Numbers with commas between groups of digits; None if a cell is something else.

    In a table with decimal commas, one cell must have two marks, which shows that its commas are not decimal.
    """
    present = column.drop_nulls()
    has_groups = present.str.contains(TWO_MARKS if decimal == "," else ",").any()
    if not has_groups or not present.str.contains(f"{COMMA_GROUPS}|{PLAIN}").all():
        return None
    plain = column.str.replace_all(",", "", literal=True)
    whole = plain.cast(polars.Int64, strict=False)
    return whole if whole.null_count() == column.null_count() else plain.cast(polars.Float64, strict=False)


def find_decimal(source: str, frame: polars.DataFrame, separator: str) -> str:
    """The decimal mark of a text table; DataError if numbers such as 1,234 leave it open."""
    unclear = None
    # All columns at once: a table may have thousands, and most have no comma.
    have_commas = frame.select(polars.col(polars.String).str.contains(",", literal=True).any())
    for column in (frame[found.name] for found in have_commas if found[0]):
        present = without(column, MISSING_AMONG_NUMBERS).drop_nulls()
        if not len(present):
            continue
        if present.str.contains(f"{COMMA_GROUPS}|{PLAIN}").all():
            if unclear is None and not present.str.contains(r",.*\.").any():
                unclear = column
        elif present.str.contains(COMMA_DECIMAL).all():
            return ","
    # In a file with commas between cells, a comma within a cell nearly always separates groups of digits.
    if unclear is None or separator == ",":
        return "."
    example = next(cell for cell in unclear.drop_nulls() if "," in cell)
    rule = f"column '{visible(unclear.name)}': the comma in '{visible(example)}' may separate thousands or decimals"
    raise file_error(source, f"{rule}; name the decimal mark with --decimal , or --decimal . (data.decimal)")
