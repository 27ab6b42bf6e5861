"""The description of the API in the OpenAPI format, written from one table."""

from dataclasses import dataclass
from typing import Any

from fitgap.runner.package import program_version

FILTER = {"where": "Only trials that match this filter.", "box": "A rectangle on the fit map: four numbers."}
PAGE = {"limit": "Maximum number of rows.", "offset": "Number of rows to skip."}
SORT = {"sort": "Keys, separated by commas; -KEY sorts descending."}


@dataclass(frozen=True)
class Operation:
    """The answer of one address. `command` is the command that gives the same answer as JSON."""

    path: str
    summary: str
    command: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    is_list: bool = True
    media: str = "application/json"


def operation(
    path: str, summary: str, command: str = "", parameters: dict[str, str] | None = None, **more: Any
) -> Operation:
    return Operation(path, summary, command, tuple((parameters or {}).items()), **more)


OPERATIONS = (
    operation("/api/sweeps", "All sweeps with the number of trials in each status.", "fitgap sweeps"),
    operation("/api/sweeps/{sweep}", "One sweep with the number of trials in each status.", is_list=False),
    operation(
        "/api/sweeps/{sweep}/trials",
        "The trials of a sweep.",
        "fitgap trials",
        {**FILTER, **SORT, **PAGE, "columns": "Keys and settings, separated by commas."},
    ),
    operation(
        "/api/sweeps/{sweep}/configurations",
        "Configurations with means over their trials, best first.",
        "",
        {
            **FILTER,
            "sort": "A key; -KEY sorts descending.",
            "against": "The configuration that the others are compared with.",
            "limit": "Maximum number of rows.",
            "page": "Number of the page, from 1.",
        },
    ),
    operation(
        "/api/sweeps/{sweep}/compare",
        "Groups of trials: means and paired differences.",
        "fitgap compare",
        {
            "by": "Settings to group by, separated by commas.",
            "of": "The measure to compare.",
            "against": "The baseline group.",
            "where": FILTER["where"],
            **SORT,
            "limit": "Maximum number of rows.",
        },
    ),
    operation(
        "/api/sweeps/{sweep}/importance",
        "Which settings matter.",
        "fitgap importance",
        {"of": "Measures, separated by commas.", "where": FILTER["where"]},
    ),
    operation(
        "/api/sweeps/{sweep}/diagnosis",
        "What underfits, what overfits, why, and what to try.",
        "fitgap diagnose",
        is_list=False,
    ),
    operation(
        "/api/sweeps/{sweep}/events",
        "Server-sent events named progress, when trials change, and rows, with the changed rows of a view.",
        "",
        {"cursor": "Continue after this event (or the header Last-Event-ID).", "show": "configurations or trials."},
        is_list=False,
        media="text/event-stream",
    ),
    operation("/api/trials/{trial}", "Everything about one trial.", "fitgap show", is_list=False),
    operation("/api/trials/{trial}/epochs", "The epochs of a trial.", "fitgap epochs"),
    operation(
        "/api/trials/{trial}/events",
        "Server-sent events named trial, when the trial has trained or changed, and done, when it has ended.",
        is_list=False,
        media="text/event-stream",
    ),
    operation(
        "/api/trials/{trial}/diagnosis", "The verdict on a trial, causes and advice.", "fitgap diagnose", is_list=False
    ),
)
PROBLEM = {
    "type": "object",
    "required": ["error", "advice", "lines"],
    "properties": {
        "error": {"type": "string"},
        "advice": {"type": "string"},
        "lines": {"type": "array", "items": {"type": "string"}},
    },
}


def description() -> dict[str, Any]:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fitgap",
            "version": program_version(),
            "description": "The answers of fitgap's commands as JSON. Keys are described under Columns and keys.",
        },
        "components": {
            "schemas": {"Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
        "paths": {each.path: {"get": described(each)} for each in OPERATIONS},
    }


def described(each: Operation) -> dict[str, Any]:
    inside = [part[1:-1] for part in each.path.split("/") if part.startswith("{")]
    in_path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in inside]
    in_query = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in each.parameters
    ]
    item: dict[str, Any] = {"type": "object"}
    schema = {"type": "array", "items": item} if each.is_list else item
    problem = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    same = f" The same as `{each.command} --format json`." if each.command else ""
    return {
        "summary": each.summary,
        "description": f"{each.summary}{same}",
        "parameters": [*in_path, *in_query],
        "responses": {
            "200": {"description": "The answer.", "content": {each.media: {"schema": schema}}},
            "4XX": {"description": "What is wrong, and what to do.", **problem},
        },
    }
