"""`fitgap plot`: a chart of a sweep or of a trial, in the terminal or as a file."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import Database, Where, as_text

if TYPE_CHECKING:
    from fitgap.runner.charts import Request

# The names are repeated here, because loading the charts would slow down every command; a test compares them.
KINDS = (
    "fitmap",
    "curves",
    "capacity",
    "learning-curve",
    "sensitivity",
    "stopping",
    "heat",
    "importance",
    "repeats",
    "parallel",
    "time",
    "layers",
    "activation",
    "boundary",
)


class Look(StrEnum):
    """The colors of a chart."""

    LIGHT = "light"
    DARK = "dark"


class At(StrEnum):
    """The epoch after which a network is shown."""

    BEST = "best"
    LAST = "last"


def plot(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help=f"Kind of chart: {', '.join(KINDS)}.", show_default=False)
    ],
    what: Annotated[str, typer.Argument(metavar="SWEEP|TRIAL", help="Sweep name or trial number.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="PNG, SVG, PDF, HTML or JSON file to write.", show_default=False
        ),
    ] = None,
    where: Where = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="KEY[,KEY]", help="Settings for the axes of the chart.", show_default=False, callback=as_text
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Metric to show, if the chart has a choice.", show_default=False),
    ] = None,
    trials: Annotated[str | None, typer.Option(metavar="N[,N…]", help="Only these trials.", show_default=False)] = None,
    at: Annotated[At, typer.Option("--at", help="For boundary: networks after the best or the last epoch.")] = At.BEST,
    linear: Annotated[
        bool, typer.Option("--linear", help="For capacity and learning-curve: a linear axis for errors.")
    ] = False,
    each: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="For heat: mark the best cell for each value of this setting.", show_default=False
        ),
    ] = None,
    width: Annotated[int, typer.Option(help="Width of the chart in pixels, without legends.")] = 640,
    theme: Annotated[Look, typer.Option(help="Colors for a light or a dark background.")] = Look.LIGHT,
    database: Database = None,
) -> None:
    """Draw a chart of a sweep or of a trial."""
    from fitgap.runner.charts import Request, suited
    from fitgap.runner.store import open_store

    request = Request(
        int(what) if what.isdecimal() else what,
        where=where,
        by=tuple(words_of(by)),
        trials=tuple(map(number_of, words_of(trials))),
        of=of,
        at=at.value,
        linear=linear,
        each=each,
        width=width,
        theme=theme.value,
    )
    if output is not None:
        write_chart(kind, request, output, database)
        return
    from fitgap.runner.cli.render.lines import say
    from fitgap.runner.cli.render.terminal_charts import chart_lines

    with open_store(database) as store:
        say(*chart_lines(kind, suited(kind, store, request)))


def write_chart(kind: str, request: "Request", output: Path, database: str | None) -> None:
    """Write a chart to a file, which appears only once it is complete."""
    from fitgap.runner.charts import draw
    from fitgap.runner.charts.files import check_format, content_of
    from fitgap.runner.files.output_files import written_file
    from fitgap.runner.store import open_store

    ending = check_format(output)
    with open_store(database) as store:
        content, rights = content_of(draw(kind, store, request), ending), store.rights
    with written_file(output, rights) as path:
        path.write_bytes(content)


def words_of(text: str | None) -> list[str]:
    """The parts of a list separated by commas."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def number_of(text: str) -> int:
    if not text.isdecimal():
        raise typer.BadParameter(f"{text!r} is not the number of a trial", param_hint="--trials")
    return int(text)
