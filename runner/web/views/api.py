"""The JSON API: the same answers as the commands with `--format json`, and the same keys."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from fitgap.runner.diagnosis import diagnose_sweep, diagnose_trial
from fitgap.runner.store import Store
from fitgap.runner.web.formatting import plain_json
from fitgap.runner.web.pages import counts_of, found_sweep, found_trial, page, reading
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.selection import chosen_where
from fitgap.runner.web.view_state import MOST_ROWS, view_of, whole, words
from fitgap.runner.web.views.openapi import OPERATIONS, description
from fitgap.runner.web.views.sweep import axes_of
from starlette.requests import Request
from starlette.responses import Response

ROWS, MOST_TRIALS = 200, 10_000


def as_json(value: Any) -> Response:
    return Response(json.dumps(plain_json(value), ensure_ascii=False, allow_nan=False), media_type="application/json")


def api_page(request: Request) -> Response:
    """The page that describes the API."""
    return page(request, "api.html", operations=OPERATIONS)


def openapi(request: Request) -> Response:
    return as_json(description())


def sweeps(request: Request) -> Response:
    with reading(request) as store:
        return as_json(store.sweeps())


def about_sweep(request: Request, ask: Callable[[Store, dict[str, Any]], Any]) -> Response:
    with reading(request) as store:
        return as_json(ask(store, found_sweep(store, request.path_params["sweep"])))


def sweep(request: Request) -> Response:
    return about_sweep(request, lambda store, row: counts_of(store, row["id"]))


def trials(request: Request) -> Response:
    """The trials of a sweep, as `fitgap trials` prints them."""
    query = request.query_params
    view = view_of({key: query[key] for key in ("where", "box") if key in query})
    limit, offset = whole("limit", query, ROWS, MOST_TRIALS), number("offset", query)
    columns = words("columns", query) or None

    def ask(store: Store, row: dict[str, Any]) -> Any:
        where = chosen_where(store, row["id"], view)
        sort = query.get("sort") or "trial"
        return store.trials(row["id"], where=where, sort=sort, limit=limit, offset=offset, columns=columns)

    return about_sweep(request, ask)


def number(name: str, query: Mapping[str, str]) -> int:
    text = query.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Problem(422, f"{name} must be a whole number from 0, but is {text[:40]!r}.")
    return int(text)


def configurations(request: Request) -> Response:
    """A page of configurations with means over their trials; the keys are those of `fitgap compare`."""
    query = request.query_params
    view = view_of({**dict(query), "rows": query.get("limit", "50")})

    def ask(store: Store, row: dict[str, Any]) -> Any:
        return store.configuration_page(row["id"], axes_of(store, row["id"]), view.configuration_query()).rows

    return about_sweep(request, ask)


def compare(request: Request) -> Response:
    """Groups of trials, as `fitgap compare` prints them."""
    query = request.query_params
    by, of = words("by", query), query.get("of") or "best_e_v"
    options: dict[str, Any] = {name: query.get(name) or None for name in ("against", "where", "sort")}
    limit = whole("limit", query, MOST_ROWS, MOST_TRIALS)
    return about_sweep(request, lambda store, row: store.compare(row["id"], by, of=of, limit=limit, **options))


def importance(request: Request) -> Response:
    of, where = (
        words("of", request.query_params) or ("e_v", "underfit", "overfit"),
        request.query_params.get("where") or None,
    )
    return about_sweep(request, lambda store, row: store.importance(row["id"], of, where=where))


def diagnosis(request: Request) -> Response:
    return about_sweep(request, lambda store, row: diagnose_sweep(store, str(row["id"])))


def trial(request: Request) -> Response:
    with reading(request) as store:
        return as_json(found_trial(store, request.path_params["trial"]))


def epochs(request: Request) -> Response:
    with reading(request) as store:
        return as_json(store.epochs([found_trial(store, request.path_params["trial"])["trial"]]))


def trial_diagnosis(request: Request) -> Response:
    with reading(request) as store:
        return as_json(diagnose_trial(store, found_trial(store, request.path_params["trial"])["trial"]))


def missing(request: Request) -> Response:
    raise Problem(404, "There is no such address in the API.", "See /api/openapi.json.")
