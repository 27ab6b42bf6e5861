"""Charts: the Vega-Lite specification that the page draws, and the same chart as a file."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
from fitgap.runner.charts.kinds import KINDS, QUESTIONS
from fitgap.runner.charts.request import LEAST_WIDTH, MOST_WIDTH, WIDTH, Request
from fitgap.runner.charts.subject import Subject
from fitgap.runner.errors import ChartError, nearest
from fitgap.runner.store import Store
from fitgap.runner.web.live_charts import live_specification
from fitgap.runner.web.pages import found_sweep, found_trial, page, reading
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.selection import chosen_where
from fitgap.runner.web.view_state import AMEND, view_of, words
from fitgap.runner.web.views.sweep import is_training
from starlette.requests import Request as WebRequest
from starlette.responses import Response

MEDIA = {
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "html": "text/html",
}
# Charts of chosen configurations show their trials one by one, up to this number.
MOST_CURVES = 12
THEMES = ("light", "dark")


def sweep_chart(request: WebRequest) -> Response:
    """A chart of a sweep, of the trials that the page selects."""
    kind, ending = split_name(request.path_params["chart"])
    view = view_of(request.query_params)
    with reading(request) as store:
        row = found_sweep(store, request.path_params["sweep"])
        if ending is None:
            return page(
                request, "chart_page.html", sweep=row, kind=kind, question=QUESTIONS[kind], view=view, trial=None
            )
        # The fit map shows the rectangle itself, among all points.
        chosen = replace(view, box=()) if kind == "fitmap" and "live" in request.query_params else view
        asked = replace(asked_for(request, str(row["id"])), where=chosen_where(store, row["id"], chosen))
        asked = replace(asked, against=view.against or None)
        if kind == "curves" and view.pins:
            shown = dict.fromkeys([*([view.against] if view.against else []), *view.pins])
            asked = replace(asked, trials=trials_of(store, row["id"], tuple(shown)))
        return answer(request, store, kind, ending, replace(asked, what=str(row["name"])), row["id"], view.box)


def trials_of(store: Store, sweep_id: int, hashes: tuple[str, ...]) -> list[int]:
    """The first trial with epochs of each of these configurations."""
    inside = ", ".join(repr(each) for each in hashes)
    rows = store.trials(
        sweep_id, where=f"configuration in ({inside}) and epochs > 0", columns=("trial", "configuration")
    )
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row["configuration"], row["trial"])
    return [first[each] for each in hashes if each in first][:MOST_CURVES]


def trial_chart(request: WebRequest) -> Response:
    """A chart of a trial."""
    kind, ending = split_name(request.path_params["chart"])
    with reading(request) as store:
        trial = found_trial(store, request.path_params["trial"])
        row = found_sweep(store, trial["sweep"])
        if ending is None:
            question = QUESTIONS[kind]
            return page(request, "chart_page.html", sweep=row, kind=kind, question=question, view=None, trial=trial)
        return answer(
            request,
            store,
            kind,
            ending,
            asked_for(request, trial["trial"]),
            row["id"],
            *(store.trial_progress(trial["trial"]) or {}).values(),
        )


def split_name(name: str) -> tuple[str, str | None]:
    """The kind of a chart and the ending of its file, such as `fitmap.svg`; without an ending it is a page."""
    kind, dot, ending = name.partition(".")
    if kind not in KINDS:
        raise Problem(404, f"There is no chart {kind[:40]!r}; {nearest(kind, KINDS)}.", AMEND)
    if dot and ending not in MEDIA:
        raise Problem(404, f"Charts are not available as {ending[:40]!r}; {nearest(ending, MEDIA)}.", AMEND)
    return kind, ending or None


def asked_for(request: WebRequest, what: str | int) -> Request:
    """The chart that the address requests."""
    query = request.query_params
    theme = query.get("theme", "light")
    if theme not in THEMES:
        raise Problem(422, f"There is no theme {theme[:40]!r}; {nearest(theme, THEMES)}.", AMEND)
    return Request(what, by=words("by", query), of=query.get("of") or None, width=width_of(query), theme=theme)


def width_of(query: Mapping[str, str]) -> int:
    text = query.get("width", str(WIDTH))
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise Problem(422, f"width must be a number of pixels, but is {text[:40]!r}.", AMEND)
    return min(max(int(text), LEAST_WIDTH), MOST_WIDTH)


def answer(
    request: WebRequest, store: Store, kind: str, ending: str, asked: Request, sweep_id: int, *state: Any
) -> Response:
    """The chart in the format of a suffix. It is drawn once for each state of the sweep."""
    is_live = "live" in request.query_params
    box = view_of(request.query_params).box if is_live else None
    now = store.state(sweep_id)

    def draw() -> bytes:
        subject = Subject(store, asked)
        if not asked.trials:
            key, trains = (sweep_id, asked.where, asked.of), is_training(request, store, sweep_id)
            subject.__dict__["trials"] = request.app.state.frames.get(key, now, trains, lambda: subject.trials)
        return drawn(subject, kind, ending, box)

    found = request.app.state.cache.get((kind, ending, repr(asked), box, sweep_id), draw, (now, *state))
    name = f"{asked.what}-{kind}.{ending}" if isinstance(asked.what, str) else f"trial-{asked.what}-{kind}.{ending}"
    safe = "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in name)
    # If a browser opened the file, the content policy of the page would apply to it, so it is saved instead.
    is_file = ending in ("pdf", "html")
    headers = {"Content-Disposition": f'attachment; filename="{safe}"'} if is_file else {}
    return Response(found, media_type=MEDIA[ending], headers=headers)


def origin_of(subject: Subject) -> tuple[float, float]:
    """The underfit and overfit part of the chosen baseline, which is the origin of the fit map."""
    if subject.request.against is None:
        return 0.0, 0.0
    own = subject.baseline_trials()
    means = own.select(pl.col("underfit", "overfit").mean().fill_null(0.0))
    underfit, overfit = means.row(0)
    return underfit, overfit


def drawn(subject: Subject, kind: str, ending: str, box: tuple[float, ...] | None) -> bytes:
    """The chart; as JSON with a `box`, which may be empty, for the page to draw. Raises ChartError if there is none."""
    from fitgap.runner.charts.files import content_of

    reason = KINDS[kind].unsuitable(subject)
    if reason:
        raise ChartError(f"No chart: {reason}.")
    if ending == "json" and box is not None:
        found = live_specification(kind, KINDS[kind].draw(subject).to_dict(), subject.width, box, origin_of(subject))
        return json.dumps(found, separators=(",", ":")).encode()
    return content_of(KINDS[kind].draw(subject), f".{ending}")
