"""A request for a chart: a sweep or trial, and the measure, size and colors to show."""

from collections.abc import Sequence
from dataclasses import dataclass

from fitgap.runner.charts.palette import THEMES
from fitgap.runner.errors import ChartError, nearest
from fitgap.runner.store import METRIC_KEYS, is_metric
from fitgap.runner.store.filter import key_words, measure_of

EPOCHS = ("best", "last")
LEAST_WIDTH, WIDTH, MOST_WIDTH = 200, 640, 4_000
# Measures to choose from, if a chart has a choice; in addition to metrics and the recall or error of a class.
MEASURES = ("e_v", "best_e_v", "honest_e_v", "e_t", "overfit", "underfit", "excess", "accuracy_v", "verdict")


@dataclass(frozen=True)
class Request:
    """What to draw: a sweep by its name, or a trial by its number, and the options of the chart.

    `where` is a filter for trials, `by` names axes, `trials` chooses single ones, and `of` is the measure to show. `at`
    says whether a network is shown after its `best` or its `last` epoch. With `linear`, errors along a setting never
    get a logarithmic axis. `against` is the hash of the configuration that others are compared with, instead of the
    reference. `each` is a setting; the best cell for each of its values is marked.
    """

    what: str | int
    where: str | None = None
    by: Sequence[str] = ()
    trials: Sequence[int] = ()
    of: str | None = None
    width: int = WIDTH
    theme: str = "light"
    at: str = "best"
    linear: bool = False
    against: str | None = None
    each: str | None = None


def check_request(request: Request) -> None:
    """Raise ChartError for a theme, width, measure or epoch that does not exist."""
    if request.theme not in THEMES:
        raise ChartError(f"there is no theme {request.theme!r}; {nearest(request.theme, THEMES)}")
    if not LEAST_WIDTH <= request.width <= MOST_WIDTH:
        raise ChartError(f"the width must be {LEAST_WIDTH} to {MOST_WIDTH:,} pixels, but is {request.width}")
    if request.of is not None and not is_measure(request.of):
        raise ChartError(f"there is no measure {request.of!r}; {nearest(request.of, (*MEASURES, *METRIC_KEYS))}")
    if request.at not in EPOCHS:
        raise ChartError(f"there is no epoch {request.at!r}; {nearest(request.at, EPOCHS)}")


def is_measure(of: str) -> bool:
    """Whether charts can show it: a measure, a metric, or the recall or error of a class, which the store checks."""
    return of in MEASURES or is_metric(of)


def measure_words(of: str) -> str:
    """The display name of a measure, such as `E_v` for the key `e_v`."""
    if measure_of(of):
        return key_words(of)
    return {"e_v": "E_v", "e_t": "E_t", "best_e_v": "best E_v", "honest_e_v": "honest E_v"}.get(
        of, of.replace("_", " ")
    )
