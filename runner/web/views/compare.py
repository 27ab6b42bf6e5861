"""Two to ten configurations side by side: settings, errors, and differences from the baseline, paired by repeat."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fitgap.runner.amounts import counted
from fitgap.runner.store import SETTING_KEYS, Row, Store
from fitgap.runner.web.formatting import shown, signed, title
from fitgap.runner.web.naming import pinned_names
from fitgap.runner.web.pages import found_sweep, page, reading
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.view_state import MOST_PINS, view_of
from fitgap.runner.web.views.sweep import ALL_TRIALS, axes_of, baseline_of, has_part, with_sizes
from starlette.requests import Request
from starlette.responses import Response

MEASURES = (
    *("honest_e_v", "best_e_v", "e_t", "e_v", "gap", "best_epoch", "underfit", "overfit", "excess"),
    *("accuracy_t", "accuracy_v", "seconds"),
)
COUNTS = ("verdict", "trials", "completed")


@dataclass(frozen=True)
class Line:
    """One property of all configurations: its title, and a value for each."""

    title: str
    values: tuple[str, ...]
    is_number: bool

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def compare_page(request: Request) -> Response:
    """The comparison of the pinned configurations."""
    view = view_of(request.query_params)
    only_differences = request.query_params.get("differences", "") == "1"
    is_transposed = request.query_params.get("transposed", "") == "1"
    if len(view.pins) < 2:
        raise Problem(
            422,
            f"A comparison needs 2 to {MOST_PINS} configurations, but {counted(len(view.pins), 'pinned one')} "
            f"{'was' if len(view.pins) == 1 else 'were'} given.",
            "Go back and pin some: with the circles in the table, or by a click on points of the fit map.",
        )
    with reading(request) as store:
        row = found_sweep(store, request.path_params["sweep"])
        baseline = baseline_of(store, row, view)
        rows = rows_of(store, row, view.pins, baseline, view.where)
        names = pinned_names(store, row["id"], axes_of(store, row["id"]), view.pins)
        compared_with = pinned_names(store, row["id"], axes_of(store, row["id"]), [baseline] if baseline else [])
    lines = [line for line in lines_of(rows, baseline, row["target_kind"]) if line.differs or not only_differences]
    return page(
        request,
        "compare.html",
        sweep=row,
        view=view,
        rows=rows,
        lines=lines,
        names=names,
        baseline=compared_with.get(baseline or ""),
        only_differences=only_differences,
        is_transposed=is_transposed,
    )


def rows_of(store: Store, row: Row, pins: Sequence[str], baseline: str | None, where: str) -> list[Row]:
    """The rows of these configurations in the order of the pins. Raises Problem if one does not exist."""
    inside = f"configuration in ({', '.join(repr(each) for each in pins)})"
    query = replace(
        view_of({}).configuration_query(), where=f"({where}) and {inside}" if where else inside, against=baseline
    )
    found = {
        each["configuration"]: each for each in with_sizes(store.configuration_page(row["id"], SETTING_KEYS, query))
    }
    missing = [each for each in pins if each not in found]
    if missing:
        raise Problem(
            404,
            f"There is no configuration {missing[0]!r} among the selected trials.",
            "Go back and pin another one, or clear the filter.",
        )
    return [found[each] for each in pins]


def lines_of(rows: Sequence[Row], baseline: str | None, target_kind: str) -> list[Line]:
    """The known properties of the configurations: settings, counts, means, and differences."""
    keys = [key for key in SETTING_KEYS if key not in ("configuration", "verdict")]
    lines = [line_of(rows, key, target_kind) for key in (*keys, *COUNTS, *MEASURES)]
    if baseline:
        values = tuple(difference(row) for row in rows)
        lines.append(Line("difference from the baseline, ± 95 %, each by itself", values, True))
    return [line for line in lines if any(line.values)]


def line_of(rows: Sequence[Row], key: str, target_kind: str) -> Line:
    values: list[Any] = [row.get(key) for row in rows]
    if key == "trials" and any(map(has_part, rows)):
        values = [f"{row[key]} of {row[ALL_TRIALS]}" for row in rows]
    is_number = all(isinstance(each, (int, float)) for each in values if each is not None)
    return Line(title(key, target_kind), tuple(shown(key, each).replace("_", " ") for each in values), is_number)


def difference(row: Row) -> str:
    """Such as `+0.012 ± 0.004`; a dash for the baseline itself, or without a common repeat."""
    if row.get("difference") is None:
        return "–"
    margin = row.get("difference_margin")
    return signed(row["difference"]) + (f" ± {shown('', margin)}" if margin is not None else "")
