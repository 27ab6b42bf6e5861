"""`fitgap compare`: groups of configurations and the differences between them."""

from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import (
    Columns,
    Database,
    Format,
    Limit,
    OutputFormat,
    SweepArgument,
    Where,
    as_text,
)
from fitgap.runner.cli.render.lines import say
from fitgap.runner.cli.render.scores import score_name, with_score_names
from fitgap.runner.cli.render.text_tables import plainer, print_table
from fitgap.runner.cli.render.verdicts import verdict_text

if TYPE_CHECKING:
    from fitgap.runner.store import Row

AFTER = ("best_epoch", "e_t", "e_v", "gap", "underfit", "overfit", "accuracy_v")
LONGEST_NAME = 26
# More repeats than this are not suggested.
MOST_REPEATS = 1000


def compare(
    sweep: SweepArgument,
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
        groups = store.compare(sweep, keys, of=of, against=against, where=where, sort=sort, limit=limit)
        target_kind = store.sweep(sweep)["target_kind"]
    if output_format is not Format.TABLE or columns:
        print_rows(groups, output_format, table_keys=keys, columns=columns)
        return
    shown = list(dict.fromkeys([*keys, *table_keys(groups, of)]))
    rows, shown = with_score_names(table_rows(groups), shown, target_kind)
    of = score_name(of, target_kind)
    print_table(rows, shown, title=explanation(groups, of), needed=[of])
    if line := told_apart(groups):
        say(line)


def table_rows(groups: "list[Row]") -> "list[Row]":
    """The groups as table rows, with trials such as `36/48` (completed/all) and verdicts such as `overfit 4/5`."""
    trials = [trials_text(group) for group in groups]
    width = max(map(len, trials), default=0)
    return [
        {
            **group,
            "trials": text.rjust(width),
            "pairs": group["pairs"] or None,
            "verdict": verdict_text(group),
        }
        for group, text in zip(groups, trials, strict=True)
    ]


def trials_text(group: "Row") -> str:
    """How many of a group's trials are completed and so part of its means; `completed/all` if they differ."""
    completed, trials = group["completed"], group["trials"]
    return f"{trials}" if completed == trials else f"{completed}/{trials}"


def table_keys(groups: "list[Row]", of: str) -> list[str]:
    """The columns of the table: the metric and its uncertainty first, without columns that are empty in all groups."""
    first = [of, f"{of}_sd", "difference", "difference_margin", "pairs", "verdict", f"{of}_spread"]
    keys = [key for key in dict.fromkeys([*first, "best_e_v", *AFTER]) if any(group[key] for group in groups)]
    # Leave out the column if every group has one configuration.
    several = any(group["configurations"] > 1 for group in groups)
    return [*(["configurations"] if several else []), "trials", *keys]


def told_apart(groups: "list[Row]") -> str | None:
    """One line that says which groups could be the best; None if a baseline was named or nothing is known."""
    known = [group for group in groups if group["could_be_best"] is not None]
    if len(known) < 2:
        return None
    count = sum(group["could_be_best"] for group in known)
    if count == 1:
        return f"{'All other groups are' if len(known) > 2 else 'The other group is'} worse than the best."
    if len(known) == 2:
        return f"The two groups cannot be told apart.{more_repeats(groups)}"
    together = f"{count} groups cannot" if count < len(known) else f"None of the {count} groups can"
    return f"{together} be told apart from the best.{more_repeats(groups)}"


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
    baseline = against if len(against) <= LONGEST_NAME else "the group that has none"
    over = f"over {repeats} repeats" if repeats > 1 else "over the other settings only (one repeat)"
    return f"difference in {of} from {baseline}, ± 95 % {over}"
