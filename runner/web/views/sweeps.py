"""The list of sweeps."""

from typing import Any

from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status
from fitgap.runner.web.pages import counts_of, page, reading, sweep_path
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.view_state import AMEND
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

# Sweeps on one page; the newest come first.
SWEEPS_PER_PAGE = 50
UNFINISHED = ("pending", "running")


def sweeps_page(request: Request) -> Response:
    """All sweeps, or those with a tag."""
    tag, text = request.query_params.get("tag", ""), request.query_params.get("name", "").strip()
    with reading(request) as store:
        rows = store.sweeps()[::-1]
        tags = sorted({each for row in rows for each in row["tags"]})
        chosen = [row for row in rows if (not tag or tag in row["tags"]) and text.lower() in row["name"].lower()]
        number = page_number(request, len(chosen))
        first = (number - 1) * SWEEPS_PER_PAGE
        shown = [described(store, row) for row in chosen[first : first + SWEEPS_PER_PAGE]]
    return page(
        request,
        "sweeps.html",
        rows=shown,
        tags=tags,
        tag=tag,
        name=text,
        number=number,
        found=len(chosen),
        known=len(rows),
        pages=-(-len(chosen) // SWEEPS_PER_PAGE),
    )


def page_number(request: Request, found: int) -> int:
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) >= 1):
        raise Problem(422, f"page must be a whole number from 1, but is {text[:40]!r}.", AMEND)
    return min(int(text), max(1, -(-found // SWEEPS_PER_PAGE)))


def described(store: Store, row: Row) -> dict[str, Any]:
    """A sweep with its state, reference and verdicts."""
    number = row["sweep"]
    return {**row, **progress_of(row, store), "verdicts": store.verdict_counts(number), "best": store.reference(number)}


def progress_of(row: Row, store: Store, is_training: bool = False) -> dict[str, Any]:
    """The state of a sweep in a word, the number of trials that ended, and the share of the epochs that are done.

    `is_training` says whether a process trains it. Until that process has claimed trials, the sweep is `starting`.
    """
    left = sum(row[status] for status in UNFINISHED)
    waiting = "starting" if is_training else "paused"
    state = "done" if not left else "running" if row["running"] else waiting
    epochs = store.progress(row["sweep"]) if left else None
    return {
        "state": state,
        "ended": row["trials"] - left,
        "epochs": epochs,
        "share": epochs.epochs / epochs.planned_epochs if epochs and epochs.planned_epochs else 1.0,
        "statuses": {status.value: row[status.value] for status in Status if row[status.value]},
    }


def latest_sweep(request: Request) -> Response:
    """The newest sweep."""
    with reading(request) as store:
        rows = store.sweeps()
        if not rows:
            raise Problem(404, "There is no sweep yet.", "Start one with `fitgap run`, or with New sweep on this page.")
        return RedirectResponse(sweep_path(counts_of(store, rows[-1]["sweep"])), 302)
