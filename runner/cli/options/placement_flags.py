"""The flags that say where a sweep is trained."""

from typing import Annotated

import typer

RUNNING = "Training"
Engine = Annotated[
    str, typer.Option(help="Where to train: auto, ray, or local (in this process).", rich_help_panel=RUNNING)
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="Maximum number of workers (default: one per core).", rich_help_panel=RUNNING, show_default=False
    ),
]
Drivers = Annotated[
    str,
    typer.Option(
        metavar="N|auto",
        help="Processes that claim and write trials: with PostgreSQL, auto starts one for every 175 workers.",
        rich_help_panel=RUNNING,
    ),
]
# Numbers arrive as text, so a wrong value gives the same message as in a sweep file.
MaxTrials = Annotated[
    str | None,
    typer.Option(metavar="N", help="Train at most this many trials now.", rich_help_panel=RUNNING, show_default=False),
]
MaxTime = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Stop after this time, such as 90s, 10m or 1h30m.",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]
MaxEpochsTotal = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Stop after this many epochs of all trials together.",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        help="Train on this Ray cluster; auto finds the one of this machine or job.",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]
CoresPerPack = Annotated[
    int | None,
    typer.Option(
        "--cpus-per-pack", min=1, help="With --address: cores per pack.", rich_help_panel=RUNNING, show_default="1"
    ),
]
MostInFlight = Annotated[
    int | None,
    typer.Option(
        "--max-in-flight",
        min=1,
        help="With --address: maximum number of packs on Ray (default: a few more than workers).",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]
MixedVersions = Annotated[
    bool,
    typer.Option(
        "--mixed-versions",
        help="With --address: allow nodes with other versions of Python or NumPy.",
        rich_help_panel=RUNNING,
    ),
]
