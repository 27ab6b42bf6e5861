"""The inspection of a data file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars
from fitgap.runner.amounts import counted
from fitgap.runner.data.columns.date_columns import as_moments
from fitgap.runner.data.columns.raw_table import Table, is_missing
from fitgap.runner.data.columns.roles import Roles, chosen_roles, find_roles
from fitgap.runner.data.columns.target_names import resolved_target
from fitgap.runner.data.columns.targets import holds_classes
from fitgap.runner.data.error_texts import LONGEST_PATH, visible
from fitgap.runner.data.file_content import read_content
from fitgap.runner.data.file_datasets import load_raw, load_table, target_dates, typed_targets
from fitgap.runner.data.file_tables import needs_text, read_table, typed_table, with_rows
from fitgap.runner.data.formats.content import NPZ, kind_of, unpacked
from fitgap.runner.data.formats.npz_files import choose_target
from fitgap.runner.data.inspection import inspect_arrays as npz
from fitgap.runner.data.inspection.facts import ColumnFacts, facts_of
from fitgap.runner.data.inspection.first_command import first_command
from fitgap.runner.data.inspection.leaks import leak
from fitgap.runner.data.loaded_files import LoadedFile
from fitgap.runner.data.reading_report import layout_parts
from fitgap.runner.data.table_datasets import are_complete, check_target, target_values
from fitgap.runner.data.treatment import FileChoices, Treatment
from fitgap.runner.errors import DataError

# Names of columns that are usually the target.
TARGET_NAMES = ("target", "label", "class", "y", "outcome")
FREE = FileChoices()
RARE_SHARE, RARE_COUNT, MOST_LISTED = 0.05, 10, 10


@dataclass(frozen=True)
class Inspection:
    """A data file: its columns, its target if one was named, warnings, and a command to start with."""

    source: str
    format: str
    layout: str
    rows: int
    columns: tuple[ColumnFacts, ...]
    target: dict[str, Any] | None
    warnings: tuple[str, ...]
    # Empty if nothing in the file can be trained on.
    command: str

    def as_json(self) -> dict[str, Any]:
        """This inspection as JSON-ready data."""
        return {
            "source": self.source,
            "format": self.format,
            "layout": self.layout,
            "rows": self.rows,
            "columns": [column.as_json() for column in self.columns],
            "target": self.target,
            "warnings": list(self.warnings),
            "command": self.command,
        }


def inspect_file(source: str, target: Sequence[str] = (), choices: FileChoices = FREE) -> Inspection:
    """What is in a data file, and what fitgap would do with it. Raises DataError for a file that is not a table."""
    content = unpacked(source, read_content(source))
    kind = kind_of(source, content)
    if kind == NPZ:
        return inspect_arrays(source, content, target, choices)
    raw = whole = read_table(source, content, kind, choices, target, keeps_text=needs_text(choices))
    names = resolved_target(raw.table, target, strict=False)
    if names:
        check_target(raw.table, names)
    treatment = Treatment(format=kind, layout=raw.layout, words=choices.missing_values)
    rows = raw.table.frame.height
    targets = typed_targets(raw, names, treatment)
    if names and (complete := are_complete(targets)).any():
        raw = with_rows(raw, complete)
    chosen = chosen_roles(raw.table, names, choices)
    table = typed_table(raw, treatment, {*chosen.text, *chosen.dates})
    roles = find_roles(table, names, choices)
    if names:
        roles.dates.update(target_dates(table, names, choices))
    suggested = names or suggested_target(table, roles)
    columns = tuple(
        described(name, names, suggested, roles, targets if name in names else table) for name in table.frame.columns
    )
    found = target_facts(targets, names[0], choices) if len(names) == 1 else None
    ignored = (*choices.ignore, *leaking(columns))
    obstacles = nothing_to_learn(table, suggested) or refusals(
        source, lambda: load_raw(whole, suggested, replace(choices, ignore=ignored))
    )
    return Inspection(
        source=source,
        format=kind,
        layout="; ".join(layout_parts(replace(treatment, layout=raw.layout))).removeprefix("read: "),
        rows=rows,
        columns=columns,
        target=found,
        warnings=tuple([*obstacles, *warnings(table, columns, found)]),
        command="" if obstacles else first_command(source, suggested, ignored, choices),
    )


def inspect_arrays(source: str, content: bytes, target: Sequence[str], choices: FileChoices) -> Inspection:
    """What is in an NPZ file, with arrays in place of columns."""
    name = choose_target(source, target)
    arrays = npz.arrays_in(source, content)
    table = npz.target_table(source, name, arrays[name]) if name in arrays else None
    found = target_facts(table, name, choices) if table else None
    columns = npz.facts_of_arrays(arrays, name)
    obstacles = list(npz.warnings_of(arrays, name))
    if table is not None:
        obstacles += nothing_to_learn(table, [name])
    if not obstacles:
        obstacles = refusals(source, lambda: load_table(source, content, NPZ, target, choices, None))
    return Inspection(
        source=source,
        format=NPZ,
        layout="",
        rows=npz.row_count(arrays),
        columns=columns,
        target=found,
        warnings=tuple([*obstacles, *(warnings_of_target(found) if found else [])]),
        command="" if obstacles else first_command(source, target, choices.ignore, choices),
    )


def refusals(source: str, load: Callable[[], LoadedFile]) -> list[str]:
    """Why `fitgap run` would refuse the file; empty if it would not."""
    try:
        load()
    except DataError as error:
        return [str(error).removeprefix(f"{visible(source, LONGEST_PATH)}: ")]
    return []


def suggested_target(table: Table, roles: Roles) -> list[str]:
    """The target to suggest if none is named: a column with a usual name, or else the last usable one."""
    names = [column.name for column in table.frame if values_of(column) > 1 and column.name not in roles.ignored]
    usual = [name for name in names if name.casefold() in TARGET_NAMES]
    return usual[:1] or names[-1:]


def values_of(column: polars.Series) -> int:
    """The number of different values that are present."""
    return int(column.filter(~is_missing(column)).cast(polars.String, strict=False).n_unique())


def nothing_to_learn(table: Table, target: Sequence[str]) -> list[str]:
    """Why no network can be trained on a file; empty if one can."""
    if not table.frame.height:
        return ["the file has no rows below its header, so there is nothing to train on"]
    if not target:
        return ["no column has several values, so there is nothing to predict"]
    constant = [name for name in target if values_of(table.frame[name]) < 2]
    return [f"the target {name} has only one value, so there is nothing to learn" for name in constant]


def described(name: str, target: Sequence[str], suggested: Sequence[str], roles: Roles, table: Table) -> ColumnFacts:
    """The facts about a column, with warnings if it may leak the target (the suggested one if none is named)."""
    column, use = table.frame[name], "number"
    if name in target:
        use = "target"
    elif name in roles.ignored:
        use = "ignored"
    elif name in roles.dates:
        use = "date"
    elif name in roles.text:
        use = "categories"
    values = as_moments(table, column, roles.dates[name].format) if name in roles.dates else column
    facts = facts_of(values, use, roles.ignored.get(name))
    if use not in ("target", "ignored"):
        others = [each for each in suggested if each != name]
        leaks = [f"{reason} '{each}'" for each in others if (reason := leak(column, table.frame[each]))]
        facts = replace(facts, warnings=[*facts.warnings, *leaks])
    return facts


def target_facts(table: Table, name: str, choices: FileChoices) -> dict[str, Any]:
    """The kind of a target, and its classes with their counts."""
    column = table.frame[name]
    present = column.filter(~is_missing(column))
    kind = choices.target_kind
    if kind is None and len(present):
        kind = "classes" if holds_classes(target_values(table, present)) else "numbers"
    classes = []
    if kind == "classes":
        counts = present.cast(polars.String).value_counts(sort=True)
        classes = [{"class": str(value), "count": int(count)} for value, count in counts.iter_rows()]
    return {"name": name, "kind": kind, "missing": len(column) - len(present), "classes": classes}


def warnings(table: Table, columns: Sequence[ColumnFacts], target: dict[str, Any] | None) -> list[str]:
    """What to look at before training."""
    found = [f"{column.name}: {warning}" for column in columns for warning in column.warnings]
    used = [column.name for column in columns if column.use != "ignored"]
    duplicates = table.frame.height - table.frame.select(used).n_unique() if used and table.frame.height else 0
    if duplicates:
        found.append(f"{duplicates:,} rows occur more than once, so validation examples may be training examples")
    return found if target is None else [*found, *warnings_of_target(target)]


def warnings_of_target(target: dict[str, Any]) -> list[str]:
    """What to look at in the target before training."""
    found = []
    if target["missing"]:
        found.append(f"{counted(target['missing'], 'row')} without a target would be left out")
    classes = target["classes"]
    total = sum(each["count"] for each in classes)
    if len(classes) == 1:
        found.append(f"the target has only one class, {classes[0]['class']}")
    rare = [each for each in classes if each["count"] < max(RARE_COUNT, RARE_SHARE * total)]
    if rare and len(classes) > 1:
        listed = ", ".join(f"{each['class']} ({each['count']})" for each in rare[:MOST_LISTED])
        found.append(f"rare classes: {listed}; accuracy says little about them")
    return found


def leaking(columns: Sequence[ColumnFacts]) -> list[str]:
    """The columns that leak the target."""
    return [column.name for column in columns if any("target '" in warning for warning in column.warnings)]
