"""`fitgap watch`: the progress of a sweep that another process trains."""

from typing import TYPE_CHECKING

import typer
from fitgap.runner.amounts import counted
from fitgap.runner.cli.options.common import Database, SweepArgument

if TYPE_CHECKING:
    from fitgap.runner.store import Store


def watch(sweep: SweepArgument, database: Database = None) -> None:
    """Show the progress of a sweep that another process trains, until the sweep has ended."""
    from fitgap.runner.cli.outcome import UNFINISHED
    from fitgap.runner.cli.render.leaderboard import report_summary
    from fitgap.runner.cli.render.lines import report
    from fitgap.runner.cli.render.watching import Watch
    from fitgap.runner.cli.terminal import command
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        number = store.sweep(sweep)["id"]
        progress = Watch(
            lambda: (store.progress(number), store.verdict_counts(number)),
            lambda: bool(what_comes(store, number)),
            lambda: bool(store.drivers_of(number)),
        ).run()
        more = None if progress.left else what_comes(store, number)
        counts = next(row for row in store.sweeps() if row["sweep"] == number)
        report_summary(store, counts)
    resume = command("resume", counts["name"], database=database)
    if more:
        report(f"no process is training it, but {more}; continue with: {resume}")
    if progress.left:
        others = sum(counts[name] for name in UNFINISHED)
        report(f"no process is training its {others:,} other trials; continue with: {resume}")
    if progress.left or counts["failed"]:
        raise typer.Exit(1)


def what_comes(store: "Store", number: int) -> str | None:
    """What a sweep will train that is not planned so far, in words: configurations of a search, or a round."""
    if to_come := store.proposals_to_come(number):
        return f"the search will propose {counted(to_come, 'more configuration')}, if it finds any"
    found = store.rounds_so_far(number)
    repeats = len(found.missing) if found else 0
    return f"the next round of repeats has {counted(repeats, 'trial')}" if repeats else None
