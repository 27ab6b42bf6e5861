"""Downloads: all pages of a table, and the epochs of trials, as CSV, Parquet or JSON."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from fitgap.runner.store import Store, TrialQuery
from fitgap.runner.web.pages import found_sweep, found_trial, reading, settings_of
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.selection import chosen_where
from fitgap.runner.web.view_state import SweepView, view_of
from fitgap.runner.web.views.sweep import ALL_TRIALS, Table, table_of
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response

MEDIA = {"csv": "text/csv", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
# Maximum number of configurations in a download; more of them must be filtered first.
MOST_CONFIGURATIONS = 5_000


def table_file(request: Request) -> Response:
    """All rows of a table as a file."""
    view, ending = view_of(request.query_params), ending_of(request)
    settings = settings_of(request)
    with reading(request) as store:
        row = found_sweep(store, request.path_params["sweep"])
        is_trials = view.show == "trials"
        table = table_of(store, row, whole(view))
        if table.error:
            raise table.error
        rows = each_trial(store, row["id"], view, table) if is_trials else iter(table.rows)
        if not is_trials and table.found > MOST_CONFIGURATIONS:
            raise Problem(
                422,
                f"These are {table.found:,} configurations; at most {MOST_CONFIGURATIONS:,} can be downloaded at once.",
                "Use a filter, or download the trials.",
            )
        keys = list(dict.fromkeys(["configuration", *table.names, *([ALL_TRIALS] if table.has_parts else [])]))
        name = f"{row['name']}-{view.show}.{ending}"
        write = settings.wording.write_rows if is_trials else settings.wording.write_groups
        return as_file(name, lambda path: write(store, rows, keys, ending, path))


def whole(view: SweepView) -> SweepView:
    """The view on one page. For trials, only the columns are needed, because their rows are streamed."""
    return replace(view, page=1, rows=1 if view.show == "trials" else MOST_CONFIGURATIONS)


def each_trial(store: Store, sweep_id: int, view: SweepView, table: Table) -> Iterator[dict[str, object]]:
    where = chosen_where(store, sweep_id, view)
    return store.each_trial(sweep_id, TrialQuery(where, view.sort or "trial", columns=tuple(table.names)))


def epochs_file(request: Request) -> Response:
    """The epochs of a trial as a file."""
    ending, settings = ending_of(request), settings_of(request)
    with reading(request) as store:
        trial = found_trial(store, request.path_params["trial"])["trial"]
        return as_file(
            f"trial-{trial}-epochs.{ending}",
            lambda path: settings.wording.write_epochs(store, [str(trial)], None, ending, path),
        )


def ending_of(request: Request) -> str:
    ending: str = request.path_params["ending"]
    if ending not in MEDIA:
        raise Problem(404, f"Downloads are not available as {ending[:40]!r}.", f"Known: {', '.join(MEDIA)}.")
    return ending


def as_file(name: str, write: Callable[[Path], None]) -> Response:
    """A file, written completely before the response starts, so that an error cannot look like the file's end."""
    handle, place = tempfile.mkstemp(prefix="fitgap-", suffix=Path(name).suffix)
    os.close(handle)
    path = Path(place)
    try:
        write(path)
    except BaseException:
        remove(path)
        raise
    safe = "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in name)
    media = MEDIA[Path(name).suffix[1:]]
    return FileResponse(path, media_type=media, filename=safe, background=BackgroundTask(remove, path))


def remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
