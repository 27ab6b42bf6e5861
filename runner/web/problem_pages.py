"""The responses to problems: a page or JSON."""

from urllib.parse import quote

from fitgap.runner.web.pages import templates
from fitgap.runner.web.problems import MissingProblem, Problem, is_api, root_of
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

# Forms on pages of their own; the link back leads to them, not to the sweep.
FORMS = ("delete", "extend")


def problem_response(scope: Scope, problem: Problem) -> Response:
    """A problem as JSON for programs, or as a page that needs neither scripts nor the database."""
    if is_api(scope):
        content = {"error": problem.message, "advice": problem.advice, "lines": list(problem.excerpt)}
        return JSONResponse(content, problem.status)
    settings = scope["app"].state.settings
    context = {"root": root_of(scope["path"]), "read_only": settings.read_only, "problem": problem}
    shown = templates().get_template("problem.html").render(**context, back=way_back(scope, problem))
    # Reload soon: the database may only be locked, or about to be created.
    headers = {"Refresh": "3"} if problem.status == 503 else {}
    return HTMLResponse(shown, problem.status, headers)


def way_back(scope: Scope, problem: Problem) -> tuple[str, str] | None:
    """The page that the request came from, as a path below the first page and a name; None for the list of sweeps."""
    parts = scope["path"].strip("/").split("/")
    if parts[0] == "new":
        return "new", "New sweep"
    if parts[0] not in ("sweeps", "trials") or len(parts) < 2 or isinstance(problem, MissingProblem):
        return None
    name = parts[1] if parts[0] == "sweeps" else f"trial {parts[1]}"
    address = f"{parts[0]}/{quote(parts[1], safe='')}"
    action = parts[2] if len(parts) > 2 else ""
    if action in FORMS:
        return f"{address}/{action}", "the form"
    # Keep the configurations that are pinned.
    query = scope["query_string"].decode("latin-1") if action == "compare" else ""
    return (f"{address}?{query}" if query else address), name
