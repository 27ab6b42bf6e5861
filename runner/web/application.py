"""The application: its routes and its error handling."""

import sys
import threading
import traceback

from fitgap.runner.errors import FitgapError
from fitgap.runner.web.caching import AnswerCache
from fitgap.runner.web.frames import Frames
from fitgap.runner.web.problem_pages import problem_response
from fitgap.runner.web.problems import Problem, problem_of
from fitgap.runner.web.routes import ROUTES
from fitgap.runner.web.security import Gate
from fitgap.runner.web.settings import PageSettings
from fitgap.runner.web.training import Trainings
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response


def create_application(settings: PageSettings) -> Starlette:
    """The page as an ASGI application."""
    application = Starlette(
        routes=ROUTES,
        middleware=[Middleware(Gate, settings=settings)],
        exception_handlers={FitgapError: on_error, HTTPException: on_http_error, Exception: on_bug},
    )
    application.router.redirect_slashes = False
    application.state.settings = settings
    application.state.cache = AnswerCache()
    application.state.frames = Frames()
    application.state.trainings = Trainings(settings.database, settings.training_options)
    application.state.stopping = threading.Event()
    return application


def on_error(request: Request, error: Exception) -> Response:
    """The response to an error that users can fix."""
    assert isinstance(error, FitgapError)
    return problem_response(request.scope, problem_of(error))


def on_http_error(request: Request, error: Exception) -> Response:
    """The response to an address that does not exist, or that does not accept the method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        methods = ", ".join(error.headers.get("Allow", "GET").split(", ")) if error.headers else "GET"
        return problem_response(
            request.scope,
            Problem(405, f"This address answers only {methods}.", "Use the links and buttons of the page."),
        )
    if error.status_code == 404:
        return problem_response(request.scope, Problem(404, "There is no such page.", "Go to the list of all sweeps."))
    return problem_response(
        request.scope, Problem(error.status_code, "This request is not valid.", "Go back and try again.")
    )


def on_bug(request: Request, error: Exception) -> Response:
    """The response to any other error. The terminal shows its place, but not the request, which may be confidential."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    print(f"fitgap ui: {type(error).__name__} in {last.filename}, line {last.lineno}", file=sys.stderr, flush=True)
    advice = "Load the page again. If it happens again, please report it with the output of `fitgap ui`."
    return problem_response(request.scope, Problem(500, "Something went wrong that should not have.", advice))
