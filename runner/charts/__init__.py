"""Charts of sweeps and trials: `KINDS` lists them, `draw` makes one, and `files` writes it to a file.

Altair and vl-convert are imported only when something is drawn.
"""

from fitgap.runner.charts.kinds import KINDS, Kind, draw, suited
from fitgap.runner.charts.request import Request
from fitgap.runner.charts.subject import Subject

__all__ = ["KINDS", "Kind", "Request", "Subject", "draw", "suited"]
