"""The flags that say where a sweep is trained."""

from typing import Annotated

import typer

RUNNING = "Running it"
Engine = Annotated[
    str, typer.Option(help="Where to train: ray, local (in this process), or auto.", rich_help_panel=RUNNING)
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Worker processes; else one per core.", rich_help_panel=RUNNING, show_default=False),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        help="Train on the Ray cluster at this address; auto finds that of this machine or job.",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]
CoresPerPack = Annotated[
    int | None,
    typer.Option(
        "--cpus-per-pack", min=1, help="With --address: cores a pack takes.", rich_help_panel=RUNNING, show_default="1"
    ),
]
MostInFlight = Annotated[
    int | None,
    typer.Option(
        "--max-in-flight",
        min=1,
        help="With --address: packs handed to Ray at the same time; else some more than there are workers.",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]
MixedVersions = Annotated[
    bool,
    typer.Option(
        "--mixed-versions",
        help="With --address: nodes may have another Python or NumPy than this machine.",
        rich_help_panel=RUNNING,
    ),
]
