"""`fitgap watch`: the progress of a sweep that another process trains."""

import typer
from fitgap.runner.cli.options.common import Database, SweepArgument


def watch(sweep: SweepArgument, database: Database = None) -> None:
    """Show the progress of a sweep while another process trains it, until it has ended."""
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
            lambda: bool((found := store.rounds_so_far(number)) and found.missing),
        ).run()
        counts = next(row for row in store.sweeps() if row["sweep"] == number)
        report_summary(store, counts)
    if progress.left:
        resume = command("resume", counts["name"], database=database)
        report(
            f"no process trains its {sum(counts[name] for name in UNFINISHED):,} other trials; continue with: {resume}"
        )
    if progress.left or counts["failed"]:
        raise typer.Exit(1)
