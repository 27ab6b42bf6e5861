"""`fitgap compare`: groups of configurations and the differences between them."""

from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.amounts import counted
from fitgap.runner.cli.options.common import (
    Columns,
    Database,
    Format,
    Limit,
    OutputFormat,
    Where,
    as_text,
)
from fitgap.runner.cli.render.lines import say, say_sentence
from fitgap.runner.cli.render.pruned import pruned_note
from fitgap.runner.cli.render.scores import score_name, with_score_names
from fitgap.runner.cli.render.text_tables import print_table
from fitgap.runner.cli.render.verdicts import verdict_text
from fitgap.runner.names import plainer, plainer_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fitgap.runner.store import Row, Store

AFTER = ("best_epoch", "e_t", "e_v", "gap", "underfit", "overfit", "accuracy_v")
# Measures in the unit of the loss.
ERRORS = ("e_t", "e_v", "final_e_v", "best_e_v", "honest_e_v", "gap", "excess", "underfit", "overfit")
LONGEST_NAME = 26
UNEQUAL_REPEATS = (
    "Means are over different numbers of repeats, whose splits differ. Compare the differences, which are over the "
    "repeats that two groups share."
)
GROUPED = "Numbers that were drawn from a range are grouped by quantiles; --by configuration shows each of them."
# More repeats than this are not suggested.
MOST_REPEATS = 1000


def compare(
    sweeps: Annotated[
        list[str],
        typer.Argument(
            metavar="SWEEP…",
            help="Sweep names or numbers; several must have the same data and splits.",
            show_default=False,
        ),
    ],
    by: Annotated[str, typer.Option(metavar="KEY[,KEY…]", help="Settings to group by, such as activation,optimizer.")],
    of: Annotated[str, typer.Option(metavar="KEY", help="Metric to compare.")] = "best_e_v",
    against: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help="Baseline group (default: the best).",
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    tuned: Annotated[
        bool,
        typer.Option(
            "--tuned", help="Measure each group at its best setting of the other axes, chosen on other repeats."
        ),
    ] = False,
    table: Annotated[bool, typer.Option("--table", help="With two keys: a two-way table of means.")] = False,
    sort: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Sort by this key; -KEY sorts descending.", show_default=False),
    ] = None,
    where: Where = None,
    limit: Limit = None,
    columns: Columns = None,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Compare groups of configurations: means over completed trials, and paired differences."""
    from fitgap.runner.cli.render.formats import print_rows
    from fitgap.runner.store import open_store

    keys = [key.strip() for key in by.split(",") if key.strip()]
    with open_store(database) as store:
        is_page = output_format is Format.TABLE and not table
        if is_page and against is None:
            keys = with_settings(keys, store, sweeps)
        groups = store.compare(sweeps, keys, of=of, against=against, where=where, tuned=tuned, sort=sort, limit=limit)
        target_kind = store.sweep(sweeps[0])["target_kind"]
        notes = [note for note in (pruned_note(store, sweeps), rounds_note(store, sweeps, groups)) if note]
    if table:
        print_two_way(groups, keys, of, output_format)
        if notes and output_format is Format.TABLE:
            say(*notes)
        return
    if not is_page or columns:
        print_rows(groups, output_format, table_keys=keys, columns=columns, labels=keys)
        return
    print_groups(groups, keys, of, target_kind)
    for note in notes:
        say_sentence(note)
    say_what_it_means(groups, keys, of)


def rounds_note(store: "Store", sweeps: "Sequence[str]", groups: "list[Row]") -> str | None:
    """What is to be said of means if rounds have given the groups different numbers of repeats; None if not."""
    repeats = {group["completed"] / group["configurations"] for group in groups if group["configurations"]}
    if len(repeats) < 2 and all(each.is_integer() for each in repeats):
        return None
    has_rounds = any(isinstance(store.sweep(name)["specification"].get("repeats"), dict) for name in sweeps)
    return UNEQUAL_REPEATS if has_rounds else None


def print_groups(groups: "list[Row]", keys: "Sequence[str]", of: str, target_kind: str) -> None:
    """Print the table of groups."""
    shown = list(dict.fromkeys([*keys, *table_keys(groups, of)]))
    rows, shown = with_score_names(table_rows(groups, keys), shown, target_kind)
    name = score_name(of, target_kind)
    needed = [name, "difference", "difference_margin"]
    print_table(rows, shown, title=explanation(groups, name), labels=keys, kept=[name], needed=needed)


def say_what_it_means(groups: "list[Row]", keys: "Sequence[str]", of: str) -> None:
    """Print how the numbers came about, and which groups could be the best."""
    if any("tuned" in group for group in groups):
        for note in tuned_notes(groups):
            say_sentence(note)
    if any(group["grouped"] for group in groups):
        say_sentence(GROUPED)
    if "loss" in keys and of in ERRORS:
        say_sentence("Errors of different losses cannot be compared. Try --of accuracy_v.")
    elif line := told_apart(groups) or unpaired(groups, keys, of):
        say_sentence(line)


def with_settings(keys: "list[str]", store: "Store", sweeps: "Sequence[str]") -> "list[str]":
    """The keys, with the settings in which configurations differ before `configuration`, which is only a hash."""
    if "configuration" not in keys:
        return keys
    varying = [key for name in sweeps for key in store.varying_axes(store.sweep(name)["id"])]
    place = keys.index("configuration")
    return list(dict.fromkeys([*keys[:place], *varying, *keys[place:]]))


def print_two_way(groups: "list[Row]", keys: "Sequence[str]", of: str, output_format: Format) -> None:
    """Print one metric of groups by two settings, as a table, as JSON or as CSV."""
    from fitgap.runner.analysis.two_way import two_way
    from fitgap.runner.cli.render.formats import print_rows

    found = two_way(groups, keys, of)
    if output_format is not Format.TABLE:
        print_rows(found.rows(), output_format, table_keys=found.keys)
        return
    print_table(found.cells_as_text(), found.keys, title=found.title())
    say(*found.notes())
    if any(group["grouped"] for group in groups):
        say_sentence(GROUPED)


def table_rows(groups: "list[Row]", keys: "Sequence[str]") -> "list[Row]":
    """The groups as table rows, with trials such as `36/48` (completed/all) and verdicts such as `overfit 4/5`.

    Each of the keys by which they are grouped has a label, also where there is nothing, such as no regularizer.
    """
    trials = [trials_text(group) for group in groups]
    width = max(map(len, trials), default=0)
    return [
        {
            **group,
            "trials": text.rjust(width),
            "pairs": group["pairs"] or None,
            **({"tuned": chosen_text(group)} if "tuned" in group else {}),
            "verdict": verdict_text(group),
            **{key: "no verdict" if key == "verdict" else "none" for key in keys if group[key] is None},
        }
        for group, text in zip(groups, trials, strict=True)
    ]


def chosen_text(group: "Row") -> str | None:
    """The setting of a tuned group; both if the halves of the repeats chose different ones."""
    return " and ".join(map(plainer_settings, dict.fromkeys(group["tuned_settings"]))) or None


def trials_text(group: "Row") -> str:
    """How many of a group's trials are completed and so part of its means; `completed/all` if they differ."""
    completed, trials = group["completed"], group["trials"]
    return f"{trials}" if completed == trials else f"{completed}/{trials}"


def table_keys(groups: "list[Row]", of: str) -> list[str]:
    """The columns of the table: the metric and its uncertainty first, without columns that are empty in all groups."""
    first = [of, f"{of}_sd", "difference", "difference_margin", "pairs", "verdict", f"{of}_spread"]
    tuned = ["tuned"] if any(group.get("tuned") for group in groups) else []
    keys = [key for key in dict.fromkeys([*first, "best_e_v", *AFTER]) if any(group[key] for group in groups)]
    # Leave out the column if every group has one configuration.
    several = any(group["configurations"] > 1 for group in groups)
    return [*tuned, *(["configurations"] if several and not tuned else []), "trials", *keys]


def tuned_notes(groups: "list[Row]") -> list[str]:
    """What the numbers of tuned groups are, and of those for which two settings were chosen."""
    found = ["Each group is measured on the half of the repeats that did not choose its setting."]
    if any(len(set(group["tuned_settings"])) > 1 for group in groups):
        found.append("Where two settings are shown, the halves chose different ones, and numbers are means over both.")
    return found


def told_apart(groups: "list[Row]") -> str | None:
    """Lines that say which groups could be the best, and how many are not compared; None if a baseline was named or
    nothing is known.
    """
    known = [group for group in groups if group["could_be_best"] is not None]
    if len(known) < 2:
        return None
    unknown, count = len(groups) - len(known), sum(group["could_be_best"] for group in known)
    text = told_of(len(known) - 1, count - 1, " with an interval" if unknown else "")
    more = more_repeats(groups) if count > 1 else ""
    none = f" {counted(unknown, 'group')} {'has' if unknown == 1 else 'have'} no interval." if unknown else ""
    return f"{text}{more}{none}"


def told_of(others: int, near: int, which: str) -> str:
    """A sentence about the groups other than the best: their number, and how many are near it; `which` names them."""
    if not near:
        return f"{f'All other groups{which} are' if others > 1 else f'The other group{which} is'} worse than the best."
    if others == 1:
        first = f"The best and the other group{which}" if which else "The two groups"
        return f"{first} cannot be told apart."
    if near == others:
        return f"None of the other {others} groups{which} can be told apart from the best."
    return f"The best and {counted(near, 'other group')} cannot be told apart."


def unpaired(groups: "list[Row]", keys: "Sequence[str]", of: str) -> str | None:
    """One line that says why there are no differences between groups with results; None if there are some."""
    measured = [group for group in groups if group[of] is not None and "tuned" not in group]
    if len(measured) < 2 or any(group["pairs"] for group in groups):
        return None
    settings = " and ".join(keys)
    return f"No differences: no two trials of the same repeat differ in {settings} alone, so none can be paired."


def more_repeats(groups: "list[Row]") -> str:
    """How many repeats would tell the runner-up from the best, if that is known and not absurdly many."""
    needed = next((group["repeats_needed"] for group in groups if group["repeats_needed"]), None)
    if needed is None or needed > MOST_REPEATS or needed <= max(group["paired_repeats"] for group in groups):
        return ""
    return f" About {needed} repeats would tell the best two apart."


def explanation(groups: "list[Row]", of: str) -> str | None:
    """One line that explains the differences; None if there are none."""
    repeats = max((group["paired_repeats"] for group in groups), default=0)
    if not repeats:
        return None
    against = plainer(groups[0]["against"])
    # A group such as `0.02 to 0.04` could be mistaken for the bounds of the difference.
    name = f"the group {against!r}" if groups[0]["grouped"] else against
    baseline = name if len(against) <= LONGEST_NAME else "the row without a difference"
    over = f"over {repeats} repeats" if repeats > 1 else "over the other settings only (one repeat)"
    return f"difference in {of} from {baseline}, ± 95 % {over}"
