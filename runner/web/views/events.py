"""Event streams: the progress of a sweep and the rows of a view that have changed, or the progress of a trial.

A cursor identifies what a page has received. A page that lost its connection sends it and gets only later changes.
"""

import asyncio
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from fitgap.runner.errors import FitgapError
from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status
from fitgap.runner.web.formatting import plain_json
from fitgap.runner.web.pages import counts_of, found_sweep, found_trial, page, reading
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.view_state import SweepView, view_of
from fitgap.runner.web.views.sweep import Table, is_training, known_table
from fitgap.runner.web.views.sweeps import progress_of
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

# Seconds between database queries. Queries for progress may take at most an eightieth of the time, and so may the rows
# of a sweep that trains, and the charts, so that a page hardly slows a sweep on the same machine.
LOOK_SECONDS, SHARE, LONGEST_SECONDS = 1.0, 80, 60.0
# On a busy machine, a query takes many times the processor time that it needs. Its cost is limited to this multiple,
# since beyond that, the page would only become slower.
MOST_WAITING = 4
# Seconds of silence after which a comment shows that the connection still exists.
SILENCE_SECONDS = 15.0
# Streams that may be open at once, on all pages.
MOST_STREAMS, MOST_CURSORS = 40, 500
open_streams = threading.BoundedSemaphore(MOST_STREAMS)


@dataclass(frozen=True)
class Seen:
    """What a page has received: the state of the results, the epochs in progress, and a digest of each row by its key.

    Rows cost more than progress, so while a sweep trains, they stay at an older state, `shown`, until `next_rows`.
    `rows_seconds` is their cost in the last query.
    """

    state: Any = None
    epochs: int = -1
    rows: dict[str, str] = field(default_factory=dict)
    shown: Any = None
    next_rows: float = 0.0
    rows_seconds: float = 0.0


Look = Callable[[Seen], tuple[Seen, str]]


class Cursors:
    """What the pages have received, by cursor. The oldest entries are dropped; their pages get all rows again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, Seen] = OrderedDict()

    def keep(self, seen: Seen) -> str:
        text = json.dumps([plain_json(seen.state), seen.epochs, seen.rows], default=str)
        cursor = hashlib.sha256(text.encode()).hexdigest()[:16]
        with self._lock:
            self._seen[cursor] = seen
            self._seen.move_to_end(cursor)
            while len(self._seen) > MOST_CURSORS:
                self._seen.popitem(last=False)
        return cursor

    def find(self, cursor: str) -> Seen:
        with self._lock:
            return self._seen.get(cursor, Seen())


CURSORS = Cursors()


def events(request: Request) -> StreamingResponse:
    """The stream of a sweep."""
    view = view_of(request.query_params)
    with reading(request) as store:
        number = found_sweep(store, request.path_params["sweep"])["id"]
    cursor = request.headers.get("last-event-id") or request.query_params.get("cursor", "")
    return answer(request, partial(look, request, number, view), CURSORS.find(cursor))


def trial_events(request: Request) -> StreamingResponse:
    """The stream of a trial: its progress, until it has ended."""
    with reading(request) as store:
        number = found_trial(store, request.path_params["trial"])["trial"]
    return answer(request, partial(look_at_trial, request, number), Seen())


def answer(request: Request, look: Look, seen: Seen) -> StreamingResponse:
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(stream(request, look, seen), media_type="text/event-stream", headers=headers)


async def stream(request: Request, look: Look, seen: Seen) -> AsyncIterator[str]:
    """Events until the page is closed or the server stops."""
    if not open_streams.acquire(blocking=False):
        yield "retry: 30000\n\n"
        return
    try:
        spoken = time.monotonic()
        yield "retry: 2000\n\n"
        while not request.app.state.stopping.is_set():
            began = time.monotonic()
            seen, text, cost = await run_in_threadpool(timed, look, seen)
            if text or began - spoken > SILENCE_SECONDS:
                spoken = began
                yield text or ": still here\n\n"
            if "event: gone\n" in text or "event: done\n" in text:
                return
            await rest(request, min(max(LOOK_SECONDS, SHARE * (cost - seen.rows_seconds)), LONGEST_SECONDS))
    finally:
        open_streams.release()


async def rest(request: Request, seconds: float) -> None:
    """Wait, unless the server is stopped."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not request.app.state.stopping.is_set():
        await asyncio.sleep(min(0.25, max(0.0, until - time.monotonic())))


class Stopwatch:
    """The cost in seconds since its creation: elapsed time, which includes waiting for a database server, but at most
    `MOST_WAITING` times the processor time of this thread.
    """

    def __init__(self) -> None:
        self._began, self._own = time.monotonic(), time.thread_time()

    def cost(self) -> float:
        return min(time.monotonic() - self._began, MOST_WAITING * (time.thread_time() - self._own))


def timed(look: Look, seen: Seen) -> tuple[Seen, str, float]:
    """The result of `looked`, with its cost."""
    watch = Stopwatch()
    seen, text = looked(look, seen)
    return seen, text, watch.cost()


def looked(look: Look, seen: Seen) -> tuple[Seen, str]:
    """The result of `look`. If the database cannot be read, an event tells the page why, and nothing else changes."""
    try:
        return look(seen)
    except Problem as problem:
        return seen, event("gone" if problem.status == 404 else "waiting", {"reason": problem.message})
    except FitgapError as error:
        return seen, event("waiting", {"reason": str(error)})
    except Exception as error:
        return seen, event("waiting", {"reason": f"the database cannot be read now ({type(error).__name__})"})


def look(request: Request, sweep_id: int, view: SweepView, seen: Seen) -> tuple[Seen, str]:
    """Query a sweep: what a page has received after this query, and the events for what is new."""
    with reading(request) as store:
        trains = is_training(request, store, sweep_id)
        state, epochs = (store.state(sweep_id), trains), store.stored_epochs(sweep_id)
        has_progress = (state, epochs) != (seen.state, seen.epochs)
        # When training has ended, rows are not delayed.
        has_rows = state != seen.shown and (not trains or time.monotonic() >= seen.next_rows)
        seen = replace(seen, state=state, epochs=epochs, rows_seconds=0.0)
        if not has_progress and not has_rows:
            return seen, ""
        row = found_sweep(store, str(sweep_id))
        text = progress_event(request, store, row, trains) if has_progress else ""
        if not has_rows:
            return seen, text
        watch = Stopwatch()
        table = known_table(request, store, row, view)
    digests, found = new_rows(request, row, view, table, seen)
    later = time.monotonic() + min(SHARE * watch.cost(), LONGEST_SECONDS)
    now = replace(seen, rows=digests, shown=state, next_rows=later, rows_seconds=watch.cost())
    return now, text + event("rows", found, CURSORS.keep(now))


def progress_event(request: Request, store: Store, row: Row, trains: bool) -> str:
    """The progress of a sweep, as numbers and as HTML."""
    counts = counts_of(store, row["id"])
    context = {"sweep": row, "counts": counts, **progress_of(counts, store, trains)}
    shown = page(request, "progress.html", root="../", **context, verdict_counts=store.verdict_counts(row["id"]))
    told = {"counts": counts, "state": context["state"], "training": trains, "html": bytes(shown.body).decode()}
    return event("progress", told)


def new_rows(
    request: Request, row: Row, view: SweepView, table: Table, seen: Seen
) -> tuple[dict[str, str], dict[str, Any]]:
    """A digest of each row of a table by its key, and the rows that a page has not received."""
    key = "trial" if view.show == "trials" else "configuration"
    digests = {str(each[key]): digest(each) for each in table.rows}
    changed = [plain_json(each) for each in table.rows if seen.rows.get(str(each[key])) != digests[str(each[key])]]
    found = {"key": key, "rows": changed, "order": list(digests), "found": table.found}
    if "html" in request.query_params:
        found["html"] = {str(each[key]): row_html(request, row, view, table, each) for each in changed}
    return digests, found


def look_at_trial(request: Request, number: int, seen: Seen) -> tuple[Seen, str]:
    """The same as `look`, for a trial. A trial that has ended may still get its verdict."""
    with reading(request) as store:
        row = store.trial_progress(number)
    if row is None:
        raise Problem(404, "This trial was deleted.")
    if row == seen.state:
        return seen, ""
    status = Status(row["status"])
    is_done = status.is_final and (row["verdict"] is not None or status != Status.COMPLETED)
    return Seen(row), event("trial", row) + (event("done", {}) if is_done else "")


def row_html(request: Request, sweep: Row, view: SweepView, table: Table, row: Row) -> str:
    """A row as HTML."""
    return bytes(page(request, "row.html", root="../", sweep=sweep, view=view, table=table, row=row).body).decode()


def digest(row: Any) -> str:
    return hashlib.sha256(json.dumps(plain_json(row), sort_keys=True, default=str).encode()).hexdigest()[:12]


def event(name: str, data: Any, cursor: str = "") -> str:
    """One event. Its data are JSON on one line, so no text in them can start another event."""
    mark = f"id: {cursor}\n" if cursor else ""
    return f"{mark}event: {name}\ndata: {json.dumps(plain_json(data), allow_nan=False)}\n\n"
