"""Roles of columns: which become inputs, as numbers, categories or dates, and which are ignored, and why."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np
import polars
from fitgap.runner.data.columns.cell_values import STRICT_CELLS, CellRules, without
from fitgap.runner.data.columns.date_columns import find_format, found_dates, is_temporal
from fitgap.runner.data.columns.mistaken_numbers import are_numbers, has_both_marks
from fitgap.runner.data.columns.raw_table import Table, is_missing, numbers_of
from fitgap.runner.data.columns.text_columns import MOST_CATEGORIES
from fitgap.runner.data.error_texts import file_error, nearest_column, visible
from fitgap.runner.data.reasons import (
    ASKED,
    COUNTER,
    EMPTY,
    FREE_TEXT,
    IDENTIFIER,
    MANY,
    NESTED,
    NEVER_WITH_TARGET,
    NO_NAME,
    NOT_CHOSEN,
    SPLITS,
    UNIQUE,
    WEIGHTS,
)
from fitgap.runner.data.treatment import DateColumn, FileChoices

INDEX_NAMES = re.compile(r"\(unnamed \d+\)|Unnamed: \d+(_level_\d+)?|__index_level_\d+__|_duplicated_\d+|\.\.\.1")
IDENTIFIER_NAMES = re.compile(r"(?i)(.*[_ .-])?(id|uuid|guid|rownames|row_?names?|row_?num(ber)?|index)|.*[a-z]I[dD]")
LEAST_COUNTED, LEAST_UNIQUE = 5, 10
# A category should have some examples, unless there are only a few categories.
FEW_CATEGORIES, EXAMPLES_PER_CATEGORY = 20, 5
LONG_TEXT = 60


@dataclass
class Roles:
    """`ignored` maps columns to reasons, `text` lists categories, `dates` describes dates; all others are numbers."""

    ignored: dict[str, str] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    dates: dict[str, DateColumn] = field(default_factory=dict)


def chosen_roles(table: Table, target: Collection[str], choices: FileChoices) -> Roles:
    """The roles that the user has chosen; DataError for a name or pattern that fits no column."""
    names = [name for name in table.frame.columns if name not in target]
    roles = Roles()
    wanted = matching(table, names, choices.inputs, "inputs") if choices.inputs else set(names)
    asked = matching(table, names, choices.ignore, "ignore")
    splitting = {rule.column for rule in choices.splits.values()}
    for name in names:
        if name in splitting:
            roles.ignored[name] = SPLITS
        elif name == choices.weight:
            roles.ignored[name] = WEIGHTS
        elif name in asked or name not in wanted:
            roles.ignored[name] = ASKED if name in asked else NOT_CHOSEN
    categorical = matching(table, names, choices.categorical, "categorical")
    roles.text = [name for name in names if name in categorical and name not in roles.ignored]
    for pattern, date_format in choices.dates.items():
        for name in matching(table, names, [pattern], "dates") - set(roles.ignored):
            roles.dates[name] = asked_dates(table, without_words(table.frame[name], choices), date_format)
    return roles


def without_words(column: polars.Series, choices: FileChoices) -> polars.Series:
    """A text column without words for missing values."""
    rules = STRICT_CELLS if choices.strict else CellRules.usual(".", choices.missing_values)
    return without(column, rules.missing) if column.dtype == polars.String else column


def asked_dates(table: Table, column: polars.Series, date_format: str | None) -> DateColumn:
    """The description of a column that the user says holds dates."""
    name = column.name
    if date_format is None and column.dtype == polars.String:
        date_format = find_format(table, column)
        if date_format is None:
            rule = f"column '{visible(name)}': its date format is not recognized; give it in strftime codes"
            raise file_error(table.source, f"{rule}, as in --dates '{visible(name)}=%Y-%m-%d' (data.dates)")
    return found_dates(table, column, date_format or ("%Y%m%d" if column.dtype.is_integer() else None))


def matching(table: Table, names: Sequence[str], patterns: Iterable[str], setting: str) -> set[str]:
    """The columns that fit one of the names or patterns, such as `sensor_*`."""
    found: set[str] = set()
    for pattern in patterns:
        fitting = {pattern} if pattern in names else {name for name in names if fnmatchcase(name, pattern)}
        if not fitting and pattern in table.frame.columns:
            kind = "choose --target-kind classes (data.target_kind)" if setting == "categorical" else "leave it out"
            raise file_error(
                table.source, f"'{visible(pattern)}' is the target and does not belong in {setting}; {kind}"
            )
        if not fitting:
            rule = f"no column fits '{visible(pattern)}' in {setting}: {nearest_column(pattern, names)}"
            raise file_error(table.source, rule)
        found |= fitting
    return found


def find_roles(table: Table, target: Collection[str], choices: FileChoices) -> Roles:
    """The roles of all columns: those that the user has chosen; for the others, what an analyst would try first."""
    roles = chosen_roles(table, target, choices)
    decided = {*target, *roles.ignored, *roles.text, *roles.dates}
    explicit = set() if not choices.inputs else set(table.frame.columns) - set(roles.ignored)
    for column in table.frame:
        if column.name not in decided:
            reason = None if column.name in explicit else why_ignored(table, column)
            if reason is None:
                reason = find_role(table, column, roles, column.name in explicit)
            if reason is not None:
                roles.ignored[column.name] = reason
    ignore_largest(table, roles, explicit)
    if set(table.frame.columns) - set(target) <= set(roles.ignored):
        restore_counter(table, roles)
    return roles


def restore_counter(table: Table, roles: Roles) -> None:
    """Use a column that counts the rows if no other input is left: it may be the time."""
    counters = [
        name
        for name, reason in roles.ignored.items()
        if reason == COUNTER or (reason == NO_NAME and is_counter(table, table.frame[name]))
    ]
    if counters:
        # If there are several, take the last one: an index comes first.
        del roles.ignored[counters[-1]]


def is_counter(table: Table, column: polars.Series) -> bool:
    return column.dtype.is_integer() and counts_rows(table, column)


def why_ignored(table: Table, column: polars.Series) -> str | None:
    """Why a column cannot be a useful input; None if it can."""
    if is_missing(column).all() or column.dtype == polars.Null:
        return EMPTY if table.numbers is None else NEVER_WITH_TARGET
    if INDEX_NAMES.fullmatch(column.name):
        return NO_NAME
    if column.dtype.is_integer():
        if is_counter(table, column):
            return COUNTER
        if IDENTIFIER_NAMES.fullmatch(column.name) and is_unique(column):
            return IDENTIFIER
    return None


def find_role(table: Table, column: polars.Series, roles: Roles, explicit: bool) -> str | None:
    """Add a column to the dates or the text if it belongs there. Returns the reason if it is ignored instead."""
    if is_temporal(column):
        roles.dates[column.name] = found_dates(table, column, None)
    elif column.dtype == polars.String:
        if date_format := find_format(table, column):
            roles.dates[column.name] = found_dates(table, column, date_format)
            return None
        # A mistake among numbers is reported later.
        if is_mistaken(column):
            return None
        if not explicit and (reason := why_no_categories(column)):
            return reason
        roles.text.append(column.name)
    elif not column.dtype.is_numeric() and column.dtype not in (polars.Boolean, polars.Duration, polars.Time):
        return NESTED
    return None


def is_mistaken(column: polars.Series) -> bool:
    """Whether a text column probably holds numbers with mistakes rather than names or codes."""
    present = column.drop_nulls()
    if has_both_marks(present):
        return True
    is_number = are_numbers(present)
    if is_number.sum() <= len(present) / 2 or present.n_unique() <= FEW_CATEGORIES:
        return False
    if present.str.contains(r"^[+-]?0\d").any():
        return False
    others = present.filter(~is_number).unique()
    # Several cells such as 207a and 207b among whole numbers are codes, not mistakes.
    is_code = len(others) > 1 and others.str.contains(r"^[A-Za-z]{0,2}\d+[A-Za-z]{0,2}$").all()
    return not (is_code and present.filter(is_number).str.contains(r"^\d+$").all())


def counts_rows(table: Table, column: polars.Series) -> bool:
    """Whether integers number the rows from 0 or 1: all rows of the file, or only those that were kept."""
    if len(column) < LEAST_COUNTED or column.has_nulls():
        return False
    return any(
        column[0] - int(rows[0]) in (0, 1)
        and column[-1] - column[0] == int(rows[-1] - rows[0])
        and goes_on(column, rows)
        for rows in (numbers_of(table), np.arange(len(column)))
    )


def goes_on(column: polars.Series, rows: np.ndarray) -> bool:
    """Whether integers differ from the row numbers by a constant."""
    distances = column.cast(polars.Int64, strict=False) - polars.Series(rows)
    return bool((distances == distances[0]).fill_null(False).all())


def is_unique(column: polars.Series) -> bool:
    """Whether no value occurs twice, in enough rows to rule out coincidence."""
    present = column.drop_nulls()
    return len(present) >= LEAST_UNIQUE and present.n_unique() == len(present)


def why_no_categories(column: polars.Series) -> str | None:
    """Why a text column cannot be used as categories; None if it can."""
    present = column.drop_nulls()
    distinct = present.n_unique()
    if distinct <= FEW_CATEGORIES and not (len(present) >= LEAST_UNIQUE and distinct > len(present) / 2):
        return None
    if present.str.len_chars().sum() > LONG_TEXT * len(present):
        return FREE_TEXT
    if len(present) >= LEAST_UNIQUE and distinct == len(present):
        return UNIQUE
    if distinct > len(present) / EXAMPLES_PER_CATEGORY and (distinct > FEW_CATEGORIES or distinct > len(present) / 2):
        return MANY
    return None


def ignore_largest(table: Table, roles: Roles, explicit: Collection[str]) -> None:
    """Ignore the text columns with the most categories until at most MOST_CATEGORIES are left, if possible."""
    counts = {name: table.frame[name].n_unique() for name in roles.text}
    while counts and sum(counts.values()) > MOST_CATEGORIES:
        candidates = [name for name in counts if name not in explicit and counts[name] > FEW_CATEGORIES]
        if not candidates:
            return
        largest = max(candidates, key=lambda name: counts[name])
        del counts[largest]
        roles.text.remove(largest)
        roles.ignored[largest] = MANY
