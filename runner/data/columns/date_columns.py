"""Dates and times: detecting their format and converting them to inputs."""

import re

import polars
from fitgap.runner.data.columns.raw_table import Table, cell_error, first
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.treatment import DateColumn
from fitgap.runner.errors import DataError

DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%b-%d-%Y",
    "%a %b %d %Y",
)
# Months without a day are read as the first day of the month.
MONTHS_ALONE = ("%Y-%m", "%Y/%m", "%Y:%m", "%Y-%b", "%Y %b", "%b %Y", "%b-%Y", "%B %Y", "%b-%y", "%b %y")
TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p")
ISO_TIMES = ("T%H:%M", "T%H:%M:%S", "T%H:%M:%S%.f", "T%H:%M:%S%.fZ", "T%H:%M:%S%.f%:z", " %H:%M:%S%.f%:z")
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# Every date matches this, so most text is rejected without trying any format.
LIKE_A_DATE = re.compile(rf"(?i)\d{{1,4}}[-/. :]\d{{1,2}}[-/. T]?\d*|({MONTHS})[a-z]*\.?[ -]?\d|\d[ -]({MONTHS})")
MONTH_AFTER_COLON = re.compile(r"\d{4}:\d{1,2}")
FIRST_TRIED, LONGEST = 20, 40
PARTS = ("year", "month", "weekday", "hour")


def date_inputs(table: Table, column: polars.Series, date: DateColumn) -> list[polars.Series]:
    """The inputs computed from a column of dates. Raises DataError for a cell that is not a date."""
    moments = as_moments(table, column, date.format)
    values = {"seconds": seconds(moments) - date.origin, **parts_of(moments)}
    return [values[part].alias(f"{column.name}.{part}") for part in ("seconds", *date.parts)]


def found_dates(table: Table, column: polars.Series, date_format: str | None) -> DateColumn:
    """The description of a column that holds dates in this format."""
    moments = as_moments(table, column, date_format)
    varying = tuple(part for part, values in parts_of(moments).items() if values.n_unique() > 1 + values.has_nulls())
    origin = seconds(moments).min()
    return DateColumn(date_format, float(origin) if isinstance(origin, (int, float)) else 0.0, varying)


def seconds(moments: polars.Series) -> polars.Series:
    return moments.dt.epoch("us").cast(polars.Float64) / 1e6


def parts_of(moments: polars.Series) -> dict[str, polars.Series]:
    return {part: getattr(moments.dt, part)().cast(polars.Float64) for part in PARTS}


def is_temporal(column: polars.Series) -> bool:
    """Whether the file stores the column as dates or points in time."""
    return column.dtype == polars.Date or column.dtype == polars.Datetime


def as_moments(table: Table, column: polars.Series, date_format: str | None) -> polars.Series:
    """The column as points in time; DataError for the first cell that is not a date."""
    if is_temporal(column):
        return column.cast(polars.Datetime("us"))
    if column.dtype.is_integer():
        column = column.cast(polars.String)
    if column.dtype == polars.Null:
        return column.cast(polars.Datetime("us"))
    if column.dtype != polars.String or date_format is None:
        rule = f"column '{visible(column.name)}' holds {visible(column.dtype)}, but was expected to hold dates"
        raise file_error(table.source, f"{rule}; take it out of --dates or data.dates, or name its format")
    moments = parsed(column, date_format)
    if (wrong := column.is_not_null() & moments.is_null()).any():
        row = first(wrong)
        rule = f"'{visible(column[row])}' is not a date of the form {visible(date_format)}; correct it"
        raise cell_error(table, column, row, f"{rule}, or name the format with --dates or data.dates")
    return moments


def parsed(column: polars.Series, date_format: str) -> polars.Series:
    """The dates of a text column; null for text that is not a date in this format."""
    if date_format in MONTHS_ALONE:
        column, date_format = column + " 1", f"{date_format} %d"
    try:
        if any(mark in date_format for mark in ("%H", "%I", "%T", "%R")):
            moments = column.str.strptime(polars.Datetime("us"), date_format, strict=False)
            return moments.dt.replace_time_zone(None)
        return column.str.strptime(polars.Date, date_format, strict=False).cast(polars.Datetime("us"))
    except polars.exceptions.PolarsError:
        return polars.Series(column.name, [None] * len(column), polars.Datetime("us"))


def find_format(table: Table, column: polars.Series) -> str | None:
    """The format of a text column that holds only dates, else None. DataError if two formats fit equally well."""
    values = column.drop_nulls().unique(maintain_order=True)
    start = values.head(FIRST_TRIED)
    if not len(values) or not all(map(LIKE_A_DATE.search, start)) or max(map(len, start)) > LONGEST:
        return None
    fitting = [each for each in candidates(start[0]) if parsed(start, each).is_not_null().all()]
    fitting = [each for each in fitting if is_plausible(parsed(values, each))]
    # Two formats give the same dates if one is more general than the other.
    different = {tuple(parsed(values, each).to_list()): each for each in reversed(fitting)}
    if len(different) > 1:
        likely = likely_formats(column.drop_nulls(), list(different.values()))
        if len(likely) != 1:
            raise ambiguous(table, column, sorted(different.values()))
        return likely[0]
    return next(iter(different.values()), None)


def likely_formats(column: polars.Series, formats: list[str]) -> list[str]:
    """The formats that give all dates the same day of the month; if there are none, those that give sorted dates."""
    same_day = [each for each in formats if parsed(column, each).dt.day().n_unique() == 1]
    return same_day or [each for each in formats if parsed(column, each).is_sorted()]


def candidates(example: str) -> list[str]:
    """The formats that may fit; those with a time if there is a colon."""
    if example.count(":") == 1 and MONTH_AFTER_COLON.fullmatch(example):
        return ["%Y:%m"]
    if ":" not in example:
        return [*DATES, *MONTHS_ALONE]
    return [f"%Y-%m-%d{time}" for time in ISO_TIMES] + [f"{date} {time}" for date in DATES for time in TIMES]


def is_plausible(moments: polars.Series) -> bool:
    """Whether all are dates from the year 1000 on: 12/11/07 read with a year of four digits would be earlier."""
    return bool(moments.is_not_null().all() and (moments.dt.year() >= 1000).all())


def ambiguous(table: Table, column: polars.Series, formats: list[str]) -> DataError:
    choice = f"--dates '{visible(column.name)}={formats[0]}'"
    rule = f"column '{visible(column.name)}': {' and '.join(formats)} both fit every date"
    return file_error(table.source, f"{rule}; choose one, as in {choice} (data.dates), or --ignore the column")
