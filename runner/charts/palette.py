"""Colors and shapes: the same verdict looks the same in every chart, on light and on dark backgrounds.

The colors are those of Okabe and Ito, which people with any common kind of color blindness can tell apart. Every
verdict has a shape as well, because color alone is not enough.
"""

from dataclasses import dataclass
from typing import Any

CROSS = (
    "M-0.8,-0.55L-0.55,-0.8L0,-0.25L0.55,-0.8L0.8,-0.55L0.25,0L0.8,0.55L0.55,0.8L0,0.25L-0.55,0.8L-0.8,0.55L-0.25,0Z"
)


@dataclass(frozen=True)
class Style:
    """How a verdict is drawn: its color, its shape in Vega's terms, and its letter in a terminal."""

    color: str
    shape: str
    letter: str


VERDICTS = {
    "good": Style("#009E73", "circle", "g"),
    "underfit": Style("#0072B2", "square", "u"),
    "overfit": Style("#D55E00", "triangle-up", "o"),
    "both": Style("#CC79A7", "diamond", "b"),
    "unclear": Style("#999999", "cross", "?"),
    "no_skill": Style("#E69F00", "triangle-down", "n"),
    "diverged": Style("#882255", CROSS, "x"),
}
# Stands for the verdict of configurations that have none yet.
NOT_JUDGED = "not judged"
# Pruned configurations without a verdict, in counts.
PRUNED = "pruned"
PENDING = Style("#56B4E9", "stroke", ".")
# Colors, in this order, for series that are not verdicts, such as optimizers.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999999")
SERIES_SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "triangle-down",
    "cross",
    "triangle-right",
    "triangle-left",
)


def style_of(verdict: str | None) -> Style:
    """The style of a verdict; `PENDING` if there is none or it is unknown."""
    return VERDICTS.get(verdict or "", PENDING)


@dataclass(frozen=True)
class Theme:
    """The colors of everything except the data."""

    background: str
    ink: str
    faint_ink: str
    grid: str
    # The color scheme of a continuous scale, from low to high.
    scheme: str
    # Replacements for colors that would be too dark or too light on this background.
    replaced: dict[str, str]

    def color(self, verdict: str | None) -> str:
        """The color of a verdict on this background."""
        color = style_of(verdict).color
        return self.replaced.get(color, color)

    def series(self) -> list[str]:
        """The colors of series that are not verdicts."""
        return [self.replaced.get(color, color) for color in SERIES]

    def config(self) -> dict[str, Any]:
        """The theme in the form of a Vega-Lite config."""
        axis = {
            "labelColor": self.ink,
            "titleColor": self.ink,
            "gridColor": self.grid,
            "domainColor": self.faint_ink,
            "tickColor": self.faint_ink,
            "labelFontSize": 11,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelLimit": 220,
            "titleLimit": 600,
        }
        title = {
            "color": self.ink,
            "subtitleColor": self.faint_ink,
            "fontSize": 15,
            "subtitleFontSize": 12,
            "subtitlePadding": 4,
            "anchor": "start",
            "frame": "group",
            "offset": 10,
            "limit": 2000,
        }
        legend = {"labelColor": self.ink, "titleColor": self.ink, "labelLimit": 220, "titleFontWeight": "normal"}
        header = {"labelColor": self.ink, "titleColor": self.ink, "labelFontSize": 12, "labelLimit": 300}
        return {
            "background": self.background,
            "view": {"stroke": self.grid},
            "axis": axis,
            "title": title,
            "legend": {**legend, "labelFontSize": 11, "symbolSize": 90},
            "header": {**header, "labelAnchor": "start"},
            "text": {"color": self.ink},
            "font": "sans-serif",
            # Opacity is set for fill or stroke alone: that of a whole mark takes a hundred times as long to draw.
            "point": {"opacity": 1},
        }


THEMES = {
    "light": Theme("#ffffff", "#222222", "#555555", "#e4e4e4", "viridis", {}),
    "dark": Theme(
        "#16181d",
        "#f0f0f0",
        "#b4b8c0",
        "#33373f",
        "viridis",
        {"#0072B2": "#3FA3E0", "#882255": "#FFD7E8", "#009E73": "#1FBF92", "#D55E00": "#F07F2A"},
    ),
}
