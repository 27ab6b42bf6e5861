"""`fitgap doctor`: checks everything that the program depends on."""

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat
from fitgap.runner.cli.render.lines import ignoring_closed_output


def doctor(database: Database = None, output_format: OutputFormat = Format.TABLE) -> None:
    """Check the installation and suggest fixes. The exit code is 1 if there is a problem."""
    from dataclasses import asdict

    from fitgap.runner.cli.render.formats import print_rows
    from fitgap.runner.doctor import State, examine

    findings = examine(database)
    rows = [asdict(finding) for finding in findings]
    if output_format is Format.TABLE:
        # Advice goes into the column of the finding, so that neither is squeezed.
        rows = [{**row, "found": f"{row['found']}; {row['advice']}" if row["advice"] else row["found"]} for row in rows]
    with ignoring_closed_output():
        print_rows(rows, output_format, table_keys=("check", "state", "found"))
    raise typer.Exit(1 if any(finding.state is State.PROBLEM for finding in findings) else 0)
