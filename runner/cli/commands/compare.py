"""The command `compare`: groups of configurations side by side, with their differences."""

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
from fitgap.runner.cli.render.text_tables import plainer, print_table
from fitgap.runner.cli.render.verdicts import verdict_text

if TYPE_CHECKING:
    from fitgap.runner.store import Row

AFTER = ("best_epoch", "e_t", "e_v", "gap", "underfit", "overfit", "accuracy_v")
LONGEST_NAME = 26


def compare(
    sweep: SweepArgument,
    by: Annotated[str, typer.Option(metavar="KEY[,KEY…]", help="Settings to group by, such as activation,optimizer.")],
    of: Annotated[str, typer.Option(metavar="KEY", help="The measure whose differences are told.")] = "best_e_v",
    against: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help="The group the others are held against; else the best.",
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="A key of the rows; -KEY for the highest first.", show_default=False),
    ] = None,
    where: Where = None,
    limit: Limit = None,
    columns: Columns = None,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Compare groups of configurations: means over their completed trials, paired differences."""
    from fitgap.runner.cli.render.answers import print_rows
    from fitgap.runner.store import open_store

    keys = [key.strip() for key in by.split(",") if key.strip()]
    with open_store(database) as store:
        groups = store.compare(sweep, keys, of=of, against=against, where=where, sort=sort, limit=limit)
    if output_format is not Format.TABLE or columns:
        print_rows(groups, output_format, table_keys=keys, columns=columns)
        return
    shown = list(dict.fromkeys([*keys, *table_keys(groups, of)]))
    print_table(table_rows(groups), shown, title=explanation(groups, of), needed=[of])


def table_rows(groups: "list[Row]") -> "list[Row]":
    """The groups as a table shows them: `36/48` trials where some did not complete, `overfit 4/5` for the verdict."""
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
    """How many trials stand behind the means of a group, and of how many."""
    completed, trials = group["completed"], group["trials"]
    return f"{trials}" if completed == trials else f"{completed}/{trials}"


def table_keys(groups: "list[Row]", of: str) -> list[str]:
    """What a table shows of groups: what was asked for and its uncertainty first; nothing that none of them has."""
    first = [of, f"{of}_sd", "difference", "difference_margin", "pairs", "verdict", f"{of}_spread"]
    keys = [key for key in dict.fromkeys([*first, "best_e_v", *AFTER]) if any(group[key] for group in groups)]
    # One configuration each goes without saying.
    several = any(group["configurations"] > 1 for group in groups)
    return [*(["configurations"] if several else []), "trials", *keys]


def explanation(groups: "list[Row]", of: str) -> str | None:
    """What the differences are, in one line; None where there are none."""
    repeats = max((group["paired_repeats"] for group in groups), default=0)
    if not repeats:
        return None
    against = plainer(groups[0]["against"])
    to = against if len(against) <= LONGEST_NAME else "the group without one"
    over = f"over {repeats} repeats" if repeats > 1 else "over the other settings alone: one repeat"
    return f"difference in {of} to {to}, ± 95 % {over}"
