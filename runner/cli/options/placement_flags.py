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
