"""The flags that say where a sweep is trained."""

from typing import Annotated, Any

import typer


def flag(help_text: str, *names: str, show_default: bool | str = False, **settings: Any) -> Any:
    """An option that says where a sweep is trained, or how much of it is trained now."""
    return typer.Option(*names, help=help_text, rich_help_panel="Training", show_default=show_default, **settings)


Engine = Annotated[str, flag("Where to train: auto, ray, or local (in this process).", show_default=True)]
Workers = Annotated[int | None, flag("Maximum number of workers (default: one per core).", min=1)]
Drivers = Annotated[
    str,
    flag(
        "Processes that claim trials and write results; with PostgreSQL, auto starts one for every 175 workers.",
        metavar="N|auto",
        show_default=True,
    ),
]
# Numbers arrive as text, so a wrong value gives the same message as in a sweep file.
MaxTrials = Annotated[str | None, flag("Train at most this many trials now.", metavar="N")]
MaxTime = Annotated[str | None, flag("Stop after this time, such as 90s, 10m or 1h30m.", metavar="TIME")]
MaxEpochsTotal = Annotated[str | None, flag("Stop after this many epochs of all trials together.", metavar="N")]
Address = Annotated[
    str | None,
    flag("Train on this Ray cluster; auto finds the cluster of this machine or job.", metavar="HOST:PORT|auto"),
]
CoresPerPack = Annotated[
    int | None, flag("With --address: cores per pack.", "--cpus-per-pack", min=1, show_default="1")
]
MostInFlight = Annotated[
    int | None,
    flag(
        "With --address: maximum number of packs on Ray (default: a few more than workers).",
        "--max-in-flight",
        min=1,
    ),
]
MixedVersions = Annotated[
    bool,
    flag("With --address: allow nodes with other versions of Python or NumPy.", "--mixed-versions", show_default=True),
]
