"""Problems that a page reports: a status, what is wrong, and what to do. No page shows a traceback."""

from collections.abc import Sequence
from html import escape

from fitgap.runner.errors import FitgapError
from fitgap.runner.store import TemporaryStoreError
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

TITLES = {
    400: "Not answered",
    401: "Log in",
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed",
    409: "Not possible now",
    413: "Too large",
    422: "Not valid",
    500: "An error in fitgap",
    503: "The database cannot be read",
}


class Problem(FitgapError):  # noqa: N818
    """Something that a page says instead of its content. `advice` is the next step; `lines` point at the mistake."""

    def __init__(self, status: int, message: str, advice: str = "", lines: Sequence[str] = ()):
        super().__init__(message)
        self.status, self.message, self.advice = status, message, advice
        self.excerpt = tuple(lines)

    @property
    def title(self) -> str:
        return TITLES.get(self.status, "Not possible")


def problem_of(error: FitgapError, status: int = 422) -> Problem:
    """An error of a layer below as a problem. A database that is away for now is one, whatever was asked for."""
    if isinstance(error, TemporaryStoreError):
        return Problem(503, str(error), "Load the page again in a moment.")
    return error if isinstance(error, Problem) else Problem(status, str(error), lines=error.excerpt)


def root_of(path: str) -> str:
    """The way from a page back to the first one, such as `../` for `/sweeps/digits`.

    Links are relative, so that the page works below any path of a proxy.
    """
    return "../" * (path.count("/") - 1) or "./"


def is_api(scope: Scope) -> bool:
    return scope["path"].startswith("/api/")


def problem_response(scope: Scope, problem: Problem) -> Response:
    """A problem as JSON for programs, or as a page that needs neither scripts nor the database."""
    if is_api(scope):
        return JSONResponse(
            {"error": problem.message, "advice": problem.advice, "lines": list(problem.excerpt)}, problem.status
        )
    root = root_of(scope["path"])
    login = f'<p><a href="{root}login">Log in</a></p>' if problem.status == 401 else ""
    lines = f"<pre>{escape(chr(10).join(problem.excerpt))}</pre>" if problem.excerpt else ""
    title = escape(problem.title)
    page = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · fitgap</title>'
        f'<link rel="stylesheet" href="{root}static/style.css"></head>\n<body><main class="problem">\n'
        f"<h1>{title}</h1>\n<p>{escape(problem.message)}</p>\n{lines}<p>{escape(problem.advice)}</p>\n{login}"
        f'<p><a href="{root}">All sweeps</a></p>\n</main></body></html>\n'
    )
    # A database that is locked, or is about to be created, will soon be there.
    headers = {"Refresh": "3"} if problem.status == 503 else {}
    return HTMLResponse(page, problem.status, headers)
