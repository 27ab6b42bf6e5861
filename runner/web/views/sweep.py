"""The page of a sweep: progress, answer, charts, and a table of its configurations or trials."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fitgap.runner.charts.kinds import QUESTIONS
from fitgap.runner.errors import FilterError, FitgapError, StoreError, nearest
from fitgap.runner.spec import advice_obstacle, stored_pruning
from fitgap.runner.store import (
    CONFIGURATION_KEYS,
    METRIC_KEYS,
    SETTING_KEYS,
    ConfigurationPage,
    Row,
    Store,
    TemporaryStoreError,
    is_metric,
)
from fitgap.runner.web.naming import names_in_view
from fitgap.runner.web.pages import counts_of, found_sweep, page, reading, settings_of
from fitgap.runner.web.selection import chosen_where
from fitgap.runner.web.view_state import SweepView, view_of
from fitgap.runner.web.views.sweeps import UNFINISHED, progress_of
from starlette.requests import Request
from starlette.responses import Response

# The key of the number of all trials of a configuration, of which a filter selects some.
ALL_TRIALS = "all_trials"
COLUMN_OF_AXIS = {"epochs": "planned_epochs"}
MEASURES = ("best_epoch", "e_t", "e_v", "underfit", "overfit", "accuracy_v")
TRIAL_COLUMNS = ("trial", "configuration", "repeat", "status")
# In a sweep that prunes: the last rung that a trial reached, and its rank at that rung.
PRUNING_COLUMNS = ("rung", "rank")
TRIAL_MEASURES = ("e_t", "e_v", "best_e_v", "best_epoch", "underfit", "overfit", "verdict")
# With at least this many trials, the database needs a second or more for a page of configurations.
LATER_FROM = 200_000
# With this parameter in the address, the table comes with the page, however long it takes.
AT_ONCE = "whole"
# Charts on the page itself; the others are one click away.
CHARTS = ("fitmap", "curves", "capacity", "importance")


def sweep_page(request: Request) -> Response:
    """The page. A table that takes long is loaded later, unless the address requests it at once."""
    view = view_of(request.query_params)
    with reading(request) as store:
        row = found_sweep(store, request.path_params["sweep"])
        counts = counts_of(store, row["id"])
        is_later = (
            counts["trials"] >= LATER_FROM and view.show == "configurations" and AT_ONCE not in request.query_params
        )
        table = Table(is_later=True) if is_later else table_of(store, row, view)
        trains = is_training(request, store, row["id"])
        axes = axes_of(store, row["id"])
        context = {
            "sweep": row,
            "counts": counts,
            **progress_of(counts, store, trains),
            "verdict_counts": store.verdict_counts(row["id"]),
            "names": names_in_view(store, row["id"], axes, view),
            "view": view,
            "table": table,
            "charts": charts_of(counts),
            "questions": QUESTIONS,
            "is_training": trains,
            "can_continue": bool(counts["pruned"]) and not store.has_rungs_ahead(row["id"]),
            "obstacle": advice_obstacle(row["specification"]),
            "failure": request.app.state.trainings.failure(row["id"]),
        }
    return page(request, "sweep.html", status=422 if table.error else 200, **context)


def charts_of(counts: Row) -> Sequence[str]:
    """The charts on the page; importance only if there are, or may still be, two completed trials to compare."""
    may_compare = counts["completed"] + sum(counts[status] for status in UNFINISHED) > 1
    return [kind for kind in CHARTS if kind != "importance" or may_compare]


def is_training(request: Request, store: Store, sweep_id: int) -> bool:
    """Whether a process trains a sweep, or is about to."""
    return bool(request.app.state.trainings.alive(sweep_id) or store.drivers_of(sweep_id))


def axes_of(store: Store, sweep_id: int) -> list[str]:
    """The columns of the settings that vary; the architecture if none does."""
    return [COLUMN_OF_AXIS.get(name, name) for name in store.varying_axes(sweep_id)] or ["architecture"]


@dataclass(frozen=True)
class Table:
    """The table of a view: rows with their keys, the number of rows on all pages, and the measure that is compared.

    `baseline` is the hash of the configuration that others are compared with. If the filter, the order or a column is
    not valid, there is an `error` instead, and the `place` of the mistake.
    """

    names: Sequence[str] = ()
    rows: Sequence[Row] = ()
    found: int = 0
    pages: int = 1
    measure: str = ""
    baseline: str = ""
    error: StoreError | None = None
    place: str = ""
    # Whether the sweep has rounds, so that configurations with more repeats come first, as in the leaderboard.
    has_rounds: bool = False
    # Whether it is loaded after the page, because it takes the database long.
    is_later: bool = False

    @property
    def has_parts(self) -> bool:
        """Whether any configuration is shown with means over only part of its trials."""
        return any(map(has_part, self.rows))


def table_of(store: Store, row: Row, view: SweepView) -> Table:
    """The table of a view."""
    try:
        return (table_of_trials if view.show == "trials" else table_of_configurations)(store, row, view)
    except TemporaryStoreError:
        raise
    except StoreError as error:
        place = "where" if isinstance(error, FilterError) else "sort" if "sort" in str(error) else "columns"
        return Table(error=error, place=place)


def known_table(request: Request, store: Store, row: Row, view: SweepView) -> Table:
    """The table of a view, cached until the sweep changes. Lists of trials and filtered tables are not cached: filters
    may use tags and notes, which may change at any time.
    """
    if view.where or view.show == "trials":
        return table_of(store, row, view)
    state = store.state(row["id"])
    return request.app.state.cache.get(("table", row["id"], view), lambda: table_of(store, row, view), state)


def table_of_configurations(store: Store, row: Row, view: SweepView) -> Table:
    axes, columns = axes_of(store, row["id"]), checked(view.columns)
    metrics = [name for name in columns if is_metric(name)]
    settings = [name for name in columns if name not in CONFIGURATION_KEYS and name not in metrics]
    baseline = baseline_of(store, row, view)
    query = replace(view.configuration_query(), against=baseline, also=metrics)
    found = store.configuration_page(row["id"], [*axes, *settings], query)
    differences = ("difference", "difference_margin") if baseline else ()
    keys = [found.measure, f"{found.measure}_sd", *differences, *MEASURES]
    # Columns without any value are left out, such as a standard deviation over one repeat.
    known = [key for key in keys if any(each.get(key) is not None for each in found.rows)]
    rows = with_sizes(found)
    counts = ("trials", "completed") if any(map(has_part, rows)) else ("completed",)
    names = dict.fromkeys([*axes, "verdict", *counts, *known, *(columns if rows else ())])
    has_rounds = isinstance(row["specification"].get("repeats"), dict)
    pages = pages_of(found.found, view)
    return Table(list(names), rows, found.found, pages, found.measure, baseline or "", has_rounds=has_rounds)


def with_sizes(found: ConfigurationPage) -> list[Row]:
    """The rows of a page. If a filter selects only part of the trials of any of them, each gets the number of all."""
    sizes = found.sizes
    if all(each["trials"] == sizes.get(each["configuration"], each["trials"]) for each in found.rows):
        return found.rows
    return [{**each, ALL_TRIALS: sizes[each["configuration"]]} for each in found.rows]


def has_part(row: Row) -> bool:
    """Whether the means of a configuration are over only part of its trials."""
    return ALL_TRIALS in row and bool(row["trials"] < row[ALL_TRIALS])


def baseline_of(store: Store, row: Row, view: SweepView) -> str | None:
    """The hash of the baseline: the chosen configuration, else the reference, if there is one."""
    if view.against:
        return view.against
    reference = store.reference(row["id"])
    return str(reference["configuration"]) if reference else None


def checked(columns: Sequence[str]) -> Sequence[str]:
    """The requested additional columns. Raises StoreError for one that does not exist."""
    known = (*SETTING_KEYS, *CONFIGURATION_KEYS, *METRIC_KEYS)
    for name in columns:
        # The store checks settings and classes, whose keys contain dots.
        if name not in known and "." not in name:
            raise StoreError(f"there is no column {name!r}; {nearest(name, known)}")
    return columns


def table_of_trials(store: Store, row: Row, view: SweepView) -> Table:
    axes = axes_of(store, row["id"])
    pruning = PRUNING_COLUMNS if stored_pruning(row["specification"]) else ()
    names = list(dict.fromkeys([*TRIAL_COLUMNS, *pruning, *axes, *TRIAL_MEASURES, *view.columns]))
    where, sort = chosen_where(store, row["id"], view), view.sort or "trial"
    offset = (view.page - 1) * view.rows
    rows = store.trials(row["id"], where=where, sort=sort, limit=view.rows, offset=offset, columns=names)
    found = store.count_trials(row["id"], where)
    return Table(names, rows, found, pages_of(found, view), "best_e_v")


def pages_of(found: int, view: SweepView) -> int:
    return max(1, -(-found // view.rows))


def table_fragment(request: Request) -> Response:
    """The table alone, which replaces the one on an open page."""
    view = view_of(request.query_params)
    with reading(request) as store:
        row = found_sweep(store, request.path_params["sweep"])
        table = known_table(request, store, row, view)
        context = {"sweep": row, "view": view, "table": table}
        names = names_in_view(store, row["id"], axes_of(store, row["id"]), view)
    return page(request, "table_fragment.html", 422 if table.error else 200, root="../", names=names, **context)


def answer_page(request: Request) -> Response:
    """The diagnosis in words: a part of the page that takes longer than the rest, or a page of its own."""
    settings = settings_of(request)
    with reading(request) as store:
        row = found_sweep(store, request.path_params["sweep"])
        key, state = ("answer", row["id"]), store.state(row["id"])
        try:
            answer = request.app.state.cache.get
            lines = answer(key, lambda: settings.wording.sweep_answer(store, str(row["id"])), state)
        except FitgapError as error:
            lines = [str(error)]
    template = "answer.html" if "fragment" in request.query_params else "answer_page.html"
    return page(request, template, sweep=row, blocks=blocks_of(lines), obstacle=advice_obstacle(row["specification"]))


def blocks_of(lines: Sequence[str]) -> list[tuple[str, str]]:
    """The kind and the text of each line of an answer: `head`, `text`, or `item` of a list."""
    found = []
    for line in lines:
        if line.strip():
            text = line.strip()
            kind = "item" if text.startswith("- ") else "text" if line.startswith(" ") else "head"
            found.append((kind, text.removeprefix("- ")))
    return found
