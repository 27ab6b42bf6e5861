"""Data sets from files: finding a treatment, or taking it from the store, and applying it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars
from fitgap.runner.data.columns.cell_values import CellRules, without
from fitgap.runner.data.columns.date_columns import date_inputs, find_format, found_dates, is_temporal
from fitgap.runner.data.columns.raw_table import Table, is_missing, with_row_numbers
from fitgap.runner.data.columns.roles import chosen_roles, find_roles
from fitgap.runner.data.columns.target_names import resolved_target
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.file_content import read_content
from fitgap.runner.data.file_tables import RawTable, needs_text, read_table, typed_table, with_rows
from fitgap.runner.data.formats.content import NPZ, kind_of, unpacked
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.loaded_files import LoadedFile, Losses
from fitgap.runner.data.split_marks import files_of, joined, marks_of
from fitgap.runner.data.table_datasets import are_complete, check_rows, check_target, dataset_from_table
from fitgap.runner.data.treatment import DateColumn, FileChoices, Treatment
from fitgap.runner.data.windowing import windowed

# More dropped rows than this must be confirmed.
MOST_DROPPED = 0.5
SECONDS_PER_DAY = 86_400
USUAL_FILLING = "median"


def load_table(
    source: str, content: bytes, kind: str, target: Sequence[str], choices: FileChoices, stored: Treatment | None
) -> LoadedFile:
    """The examples in a file of this kind. Raises DataError for data that cannot be read or trained on."""
    if kind == NPZ:
        return load_arrays(source, content, target, choices, stored)
    if choices.lengths is not None:
        rule = "lengths applies to sequences in an NPZ file, but this is a table"
        raise file_error(source, f"{rule}; store arrays (N, steps, channels) with numpy.savez, or leave it out")
    keeps_text = needs_text(choices) or bool(stored and (stored.text or stored.dates))
    layout = stored.layout if stored else None
    return load_raw(
        read_table(source, content, kind, choices, target, layout, keeps_text=keeps_text), target, choices, stored
    )


def load_raw(raw: RawTable, target: Sequence[str], choices: FileChoices, stored: Treatment | None = None) -> LoadedFile:
    """The examples in a table as it was read. Raises DataError for data that cannot be trained on."""
    raw, origins = joined(raw, [read_other(each, choices, target) for each in files_of(choices)])
    names = resolved_target(raw.table, target, strict=choices.strict)
    check_target(raw.table, names)
    if choices.weight in names:
        raise file_error(raw.table.source, f"column '{visible(choices.weight)}' is a target and cannot be the weight")
    check_rows(raw.table)
    first = stored or plain_treatment(raw, choices)
    targeted = have_targets(raw, names, first)
    if not targeted.all():
        raw, origins = with_rows(raw, targeted), origins[targeted]
    marks = marks_of(raw, origins, choices)
    treatment, table = (stored, typed(raw, stored)) if stored else treated(raw, names, choices, first)
    table = with_dates(table.source, chosen_columns(table, names, treatment), names, treatment)
    untargeted = int(len(targeted) - targeted.sum())
    # Free the cells as text, which take most of the memory.
    del raw
    return finished(table, names, treatment, choices, marks, untargeted, is_new=stored is None)


def read_other(source: str, choices: FileChoices, target: Sequence[str]) -> RawTable:
    """The table in the file that holds validation or test examples."""
    content = unpacked(source, read_content(source))
    kind = kind_of(source, content)
    if kind == NPZ:
        raise file_error(source, "a second file must be a table; store both as CSV or Parquet")
    return read_table(source, content, kind, choices, target)


def typed(raw: RawTable, treatment: Treatment) -> Table:
    """The typed table for a stored treatment."""
    return typed_table(raw, treatment, {*treatment.text, *treatment.dates})


def plain_treatment(raw: RawTable, choices: FileChoices) -> Treatment:
    """The treatment of a new file before anything is known about its columns."""
    return Treatment(
        strict=choices.strict,
        format=raw.kind,
        layout=raw.layout,
        words=choices.missing_values,
        target_kind=choices.target_kind,
    )


def treated(raw: RawTable, target: Sequence[str], choices: FileChoices, first: Treatment) -> tuple[Treatment, Table]:
    """The treatment of a new file, completed from `first`, and its typed table."""
    chosen = chosen_roles(raw.table, target, choices)
    table = typed_table(raw, first, {*chosen.text, *chosen.dates})
    if choices.strict:
        bare = choices.sequence is not None and is_bare(table, target, chosen.ignored)
        found = replace(first, ignored=chosen.ignored, text=tuple(chosen.text), dates=chosen.dates)
        return replace(found, row_numbers=bare), table
    roles = find_roles(table, target, choices)
    # For windows, the past of a target is sufficient as input.
    rows = is_bare(table, target, {} if choices.sequence is None else roles.ignored)
    dates = {**roles.dates, **target_dates(table, target, choices)}
    return replace(first, ignored=roles.ignored, text=tuple(roles.text), dates=dates, row_numbers=rows), table


def is_bare(table: Table, target: Sequence[str], ignored: Mapping[str, str]) -> bool:
    """Whether all columns are targets or ignored."""
    return {name for name in table.frame.columns if name not in ignored} <= set(target)


def target_dates(table: Table, target: Sequence[str], choices: FileChoices) -> dict[str, DateColumn]:
    """The targets that are dates."""
    found = {}
    for name in target if choices.target_kind != "classes" else ():
        column = table.frame[name]
        date_format = find_format(table, column) if column.dtype == polars.String else None
        if date_format or is_temporal(column):
            found[name] = replace(found_dates(table, column, date_format), parts=())
    return found


def chosen_columns(table: Table, target: Sequence[str], treatment: Treatment) -> Table:
    """The table without ignored columns, and with categories as text."""
    if treatment.row_numbers:
        table = with_row_numbers(table)
    present = [name for name in table.frame.columns if name not in treatment.ignored]
    if not set(present) - set(target):
        raise file_error(table.source, nothing_left(treatment))
    words = CellRules.usual(".", treatment.words).missing if not treatment.strict else treatment.words or ()
    frame = table.frame.select(present)
    texts = [frame[name].cast(polars.String) for name in treatment.text if name in present]
    dates = [frame[name] for name in treatment.dates if name in present and frame[name].dtype == polars.String]
    frame = frame.with_columns(without(column, words) for column in (*texts, *dates))
    return Table(table.source, frame, table.place)


def nothing_left(treatment: Treatment) -> str:
    """Why no input is left."""
    reasons = [f"'{visible(name)}' ({reason})" for name, reason in list(treatment.ignored.items())[:3]]
    if not reasons:
        return "no input column is left; the file needs at least one column that is not a target"
    more = f" and {len(treatment.ignored) - 3} more" if len(treatment.ignored) > 3 else ""
    return f"no input column is left; ignored: {', '.join(reasons)}{more}; name inputs with --inputs (data.inputs)"


def with_dates(source: str, table: Table, target: Sequence[str], treatment: Treatment) -> Table:
    """The table with each column of dates replaced by the numbers computed from it."""
    if not treatment.dates:
        return table
    columns: list[polars.Series] = []
    for column in table.frame:
        date = treatment.dates.get(column.name)
        if date is not None and column.name in target:
            columns.append((date_inputs(table, column, date)[0] / SECONDS_PER_DAY).alias(column.name))
        else:
            columns.extend([column] if date is None else date_inputs(table, column, date))
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise file_error(source, "two inputs would have the same name after dates were turned into numbers; rename one")
    return Table(source, polars.DataFrame(columns), table.place)


def have_targets(raw: RawTable, target: Sequence[str], treatment: Treatment) -> np.ndarray:
    """Which rows (N,) have all their targets and are kept. Strict rules keep all rows: missing targets are errors.

    The types of the other columns are found later, so that a last line with totals does not turn numbers into text.
    """
    if treatment.strict:
        return np.ones(raw.table.frame.height, bool)
    complete = are_complete(typed_targets(raw, target, treatment))
    if not complete.any():
        rule = f"target column '{visible(target[0])}' has no values, so no example is left; name another column"
        raise file_error(raw.table.source, rule)
    return complete


def typed_targets(raw: RawTable, target: Sequence[str], treatment: Treatment) -> Table:
    """The target columns alone, with their types."""
    targets = replace(raw.table, frame=raw.table.frame.select(target))
    return typed_table(replace(raw, table=targets), replace(treatment, ignored={}), ())


def finished(
    table: Table,
    target: Sequence[str],
    treatment: Treatment,
    choices: FileChoices,
    marks: Mapping[str, np.ndarray],
    untargeted: int,
    *,
    is_new: bool,
) -> LoadedFile:
    """The data set in a table of inputs and targets, with missing inputs handled."""
    counts = {column.name: int(is_missing(column).sum()) for column in table.frame.drop(target)}
    missing = {name: count for name, count in counts.items() if count}
    if is_new:
        usual = USUAL_FILLING if missing and not choices.strict else "refuse"
        treatment = replace(treatment, missing=choices.missing or usual)
    text = choices.text or ("refuse" if treatment.strict and not treatment.text else "one_hot")
    handling = Handling(treatment.missing, text, treatment.target_kind, checks=is_new, categories=treatment.text)
    if is_new and treatment.missing == "drop" and not choices.strict:
        check_dropped(table, target, missing)
    complete = are_complete(table, target) if handling.drops and marks else slice(None)
    dataset = dataset_from_table(table, target, handling)
    dataset = replace(dataset, marks={use: values[complete] for use, values in marks.items()})
    dropped = table.frame.height - dataset.example_count
    windowing = choices.sequence if is_new else treatment.sequence
    if windowing is not None:
        if is_new and windowing.by is not None:
            windowing = replace(windowing, date_format=choices.dates.get(windowing.by))
        dataset, windowing = windowed(dataset, windowing, untargeted + dropped, is_bare=treatment.row_numbers)
        treatment = replace(treatment, sequence=windowing)
    return LoadedFile(dataset, treatment, Losses(untargeted, dropped, missing))


def check_dropped(table: Table, target: Sequence[str], missing: Mapping[str, int]) -> None:
    """Raise DataError if most rows would be dropped; `missing` counts the missing inputs by column."""
    rows = table.frame.height
    dropped = rows - int(are_complete(table, target).sum())
    if dropped > MOST_DROPPED * rows:
        raise file_error(table.source, too_many_dropped(rows, dropped, missing))


def too_many_dropped(rows: int, dropped: int, missing: Mapping[str, int]) -> str:
    """Why rows are not dropped, with the columns that have the most missing values."""
    most = sorted(missing, key=lambda name: -missing[name])[:3]
    costly = ", ".join(f"'{visible(name)}' ({missing[name]})" for name in most)
    rule = f"dropping rows with missing inputs would leave {rows - dropped} of {rows}; most are missing in {costly}"
    return f"{rule}; ignore such columns with --ignore, fill with --missing median, or confirm with --missing drop_any"


def load_arrays(
    source: str, content: bytes, target: Sequence[str], choices: FileChoices, stored: Treatment | None
) -> LoadedFile:
    """The examples in an NPZ file, which has no columns to choose from."""
    from fitgap.runner.data.formats.npz_files import load_npz

    if choices.sequence is not None:
        raise file_error(
            source, "sequence makes windows over the rows of a table, but this is an NPZ file; leave it out"
        )
    if choices.splits:
        raise file_error(source, "an NPZ file has no columns to split by; store a table, or choose a share or folds")
    usual = "refuse" if choices.strict else USUAL_FILLING
    missing = stored.missing if stored else choices.missing or usual
    lengths = stored.lengths if stored else choices.lengths
    kind, lenient = stored.target_kind if stored else choices.target_kind, not choices.strict
    handling = Handling(missing, "refuse", kind, checks=stored is None, drops_untargeted=lenient)
    dataset, losses = load_npz(source, content, target, handling, choices.weight, lengths)
    if stored is None and not losses.missing:
        missing = choices.missing or "refuse"
    treatment = stored or Treatment(
        strict=choices.strict, format=NPZ, target_kind=kind, missing=missing, lengths=lengths
    )
    return LoadedFile(dataset, treatment, losses)
