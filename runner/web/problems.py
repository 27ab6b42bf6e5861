"""Problems that a page reports: a status, what is wrong, and what to do. No page shows a traceback."""

from collections.abc import Sequence

from fitgap.runner.errors import FitgapError
from fitgap.runner.store import TemporaryStoreError
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
    """An error that a page shows instead of its content. `advice` is the next step; `lines` point at the mistake."""

    def __init__(self, status: int, message: str, advice: str = "", lines: Sequence[str] = ()):
        super().__init__(message)
        self.status, self.message, self.advice = status, message, advice
        self.excerpt = tuple(lines)

    @property
    def title(self) -> str:
        return TITLES.get(self.status, "Not possible")


class MissingProblem(Problem):
    """There is no sweep or trial with the name in the address."""

    def __init__(self, message: str):
        super().__init__(404, message, "Choose one from the list of all sweeps.")


def problem_of(error: FitgapError, status: int = 422) -> Problem:
    """An error of a lower layer as a problem. If the database is temporarily unavailable, the status is always 503."""
    if isinstance(error, TemporaryStoreError):
        return Problem(503, str(error), "Load the page again in a moment.")
    return error if isinstance(error, Problem) else Problem(status, str(error), lines=error.excerpt)


def root_of(path: str) -> str:
    """The relative path from a page to the first one, such as `../` for `/sweeps/digits`.

    Links are relative, so that the page works below any path of a proxy.
    """
    return "../" * (path.count("/") - 1) or "./"


def is_api(scope: Scope) -> bool:
    return scope["path"].startswith("/api/")
