"""What the commands that train have in common: their options, and driving a sweep to its end with a live line."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from runner.driver import WrittenSweep
    from runner.store import Store

RUNNING = "Running it"
Engine = Annotated[
    str, typer.Option(help="Where to train: ray, local (in this process), or auto.", rich_help_panel=RUNNING)
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Ray workers; else one per core.", rich_help_panel=RUNNING, show_default=False)
]


def check_engine(engine: str) -> None:
    """Refuse an unknown engine before anything is written."""
    from runner.engine import require_engine

    require_engine(engine)


def finish(store: "Store", written: "WrittenSweep", engine: str, workers: int | None) -> None:
    """Drive a sweep to its end, print the leaderboard, exit with 1 where trials failed."""
    from runner.cli.leaderboard import print_leaderboard
    from runner.cli.progress import LiveProgress
    from runner.driver import SweepStoppedError, drive, expected_work

    try:
        with LiveProgress(expected_work(store, written)) as progress:
            drive(store, written, engine=engine, workers=workers, observe=progress)
    except SweepStoppedError as stopped:
        print(f"stopped; {stopped.released} trials in flight were put back", file=sys.stderr)
        print(f"go on with: fitgap resume {written.name}", file=sys.stderr)
        raise typer.Exit(130) from None
    failed = print_leaderboard(store, written)
    raise typer.Exit(1 if failed else 0)
