"""Rendering of pages, and opening of the database for a request."""

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

from fitgap.runner.amounts import duration
from fitgap.runner.charts.palette import NOT_JUDGED, VERDICTS
from fitgap.runner.errors import FitgapError, StoreError
from fitgap.runner.names import is_sweep_name
from fitgap.runner.package import program_version
from fitgap.runner.store import Row, Store, TemporaryStoreError, open_store
from fitgap.runner.web import formatting
from fitgap.runner.web.problems import MissingProblem, Problem, problem_of, root_of
from fitgap.runner.web.settings import PageSettings
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

HAS_NO_DATABASE = "Run a sweep with `fitgap run`, or start the page with --db and the database that you mean."


def settings_of(request: Request) -> PageSettings:
    found: PageSettings = request.app.state.settings
    return found


@cache
def templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("fitgap.runner.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shown": lambda value, key="": formatting.shown(key, value),
        "signed": formatting.signed,
        "title_of": formatting.title,
        "duration": duration,
        "visible": formatting.visible,
        "path": lambda value: quote(str(value), safe=""),
        "words": lambda value: str(value).replace("_", " "),
    }
    environment.tests["number"] = formatting.is_number
    environment.globals |= {"version": program_version(), "verdicts": [*VERDICTS, NOT_JUDGED], "sweep_path": sweep_path}
    return environment


def sweep_path(row: Row) -> str:
    """The part of an address that names a sweep: its name, or its number if the name is not a valid one."""
    name = str(row["name"])
    number = row["id"] if "id" in row else row["sweep"]
    return name if is_sweep_name(name) and name != "latest" and name.strip(".") else str(number)


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page from a template. Every value is escaped."""
    settings = settings_of(request)
    given = {
        "root": root_of(request.scope["path"]),
        "form_token": settings.form_token,
        "read_only": settings.read_only,
        "has_token": settings.token is not None,
    }
    return HTMLResponse(templates().get_template(template).render({**given, **context}), status)


@contextlib.contextmanager
def reading(request: Request) -> Iterator[Store]:
    """The database, opened for reading for each request, so that it may be moved, upgraded or restored in between."""
    try:
        store = open_store(settings_of(request).database)
    except FitgapError as error:
        raise unreadable(error) from None
    with store:
        yield store


def unreadable(error: FitgapError) -> Problem:
    """Why the database cannot be opened, and what to do."""
    if isinstance(error, TemporaryStoreError):
        return problem_of(error)
    return Problem(503, str(error), HAS_NO_DATABASE)


def found_sweep(store: Store, name: str) -> Row:
    """The sweep with this name or number. Raises Problem if there is none."""
    try:
        return store.sweep(name)
    except StoreError as error:
        raise missing(error) from None


def found_trial(store: Store, text: str) -> Row:
    """Everything about a trial. Raises Problem if there is none."""
    if not (text.isascii() and text.isdecimal()):
        raise MissingProblem(f"There is no trial {text[:40]!r}; trials have numbers.")
    try:
        return store.show(int(text))
    except StoreError as error:
        raise missing(error) from None


def missing(error: StoreError) -> Problem:
    """The problem that a sweep or a trial does not exist, or that the database is temporarily unavailable."""
    return problem_of(error) if isinstance(error, TemporaryStoreError) else MissingProblem(str(error))


def counts_of(store: Store, sweep_id: int) -> Row:
    """The row of a sweep with its trials counted by status. Raises Problem if it was deleted meanwhile."""
    found = next((row for row in store.sweeps() if row["sweep"] == sweep_id), None)
    if found is None:
        raise MissingProblem("This sweep was deleted.")
    return found
