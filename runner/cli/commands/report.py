"""`fitgap report`: everything about a sweep in one file."""

import contextlib
import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import Database, SweepArgument
from fitgap.runner.errors import ChartError

if TYPE_CHECKING:
    from fitgap.runner.store import Store


# Line length of the answer, in characters.
LINE = 80


def report(
    sweep: SweepArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="HTML or PDF file to write.", show_default="SWEEP-report.html"
        ),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF file of the same name as well.")] = False,
    database: Database = None,
) -> None:
    """Write a report on a sweep: the answer, charts, best configurations, settings, and how to reproduce the sweep."""
    from fitgap.runner.cli.render.lines import report as tell
    from fitgap.runner.files.output_files import written_file
    from fitgap.runner.report import html_page, pdf_document, report_of
    from fitgap.runner.store import open_store

    writers = {".html": html_page, ".pdf": pdf_document}
    if output is not None and output.suffix.lower() not in writers:
        raise ChartError(f"{output} must end in {' or '.join(writers)}; the suffix chooses the format")
    with open_store(database) as store:
        name = store.sweep(sweep)["name"]
        path = output or Path(f"{name}-report.html")
        answer = [*answer_lines(store, sweep), *test_lines(store, sweep)]
        content, rights = report_of(store, sweep, answer), store.rights
    paths = [path, path.with_suffix(".pdf")] if pdf else [path]
    for each in dict.fromkeys(paths):
        with written_file(each, rights) as place:
            place.write_bytes(writers[each.suffix.lower()](content))
        tell(f"report on {name}: {each}")


def test_lines(store: "Store", sweep: str) -> list[str]:
    """The errors on the test examples, if they were computed."""
    from fitgap.runner.holdout import stored_holdout

    found = stored_holdout(store, store.sweep(sweep)["id"])
    return ["", *textwrap.wrap(found.line(), LINE)] if found else []


def answer_lines(store: "Store", sweep: str) -> list[str]:
    """What `fitgap diagnose` says about the sweep."""
    from fitgap.runner.cli.render.sweep_diagnosis_page import print_sweep_diagnosis
    from fitgap.runner.diagnosis import diagnose_sweep

    found = diagnose_sweep(store, sweep)
    with io.StringIO() as text, contextlib.redirect_stdout(text):
        print_sweep_diagnosis(found)
        return text.getvalue().splitlines()
