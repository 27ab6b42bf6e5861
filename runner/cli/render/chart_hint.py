"""The most informative chart of a sweep that has just been trained."""

from collections.abc import Mapping, Sequence
from typing import Any

from fitgap.runner.suggestions import suggested

# Settings for which errors are best shown as a line, with the kind of chart that draws it.
ALONG = {"architecture": "capacity", "batch_size": "capacity", "epochs": "capacity", "optimizer": "sensitivity"}


def chart_hint(name: str, axes: Mapping[str, Sequence[Any]], configurations: int) -> str:
    """A sentence with the command that draws the chart, such as `See it: fitgap plot fitmap digits`.

    `axes` are the alternatives of each axis. Charts that a terminal cannot show are written to a file.
    """
    varied = [axis for axis, alternatives in axes.items() if len(alternatives) > 1]
    kind = "fitmap"
    if configurations == 1:
        kind = "curves"
    elif len(varied) == 1:
        kind = ALONG.get(varied[0], "fitmap")
    if kind == "sensitivity" and len(kinds_of(axes[varied[0]])) == configurations:
        # Every optimizer occurs with one rate only, so there is no line to draw.
        kind = "fitmap"
    file = ("-o", f"{name}.png") if kind == "sensitivity" else ()
    return f"See it: {suggested('plot', kind, name, *file)}"


def kinds_of(alternatives: Sequence[Any]) -> set[str]:
    """The names of the alternatives without their settings: `adam` for `{"adam": {"rate": 0.1}}`."""
    return {"+".join(each) if isinstance(each, dict) else str(each) for each in alternatives}
