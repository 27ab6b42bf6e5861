"""`fitgap doctor`: looks at everything around the program that it depends on."""

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat
from fitgap.runner.cli.render.lines import if_somebody_reads


def doctor(database: Database = None, output_format: OutputFormat = Format.TABLE) -> None:
    """Check what fitgap depends on here, and say what to do about each finding. Exits with 1 for a problem."""
    from dataclasses import asdict

    from fitgap.runner.cli.render.answers import print_rows
    from fitgap.runner.doctor import State, examine

    findings = examine(database)
    rows = [asdict(finding) for finding in findings]
    if output_format is Format.TABLE:
        # One column, so that a long advice is not squeezed beside a long finding.
        rows = [{**row, "found": f"{row['found']}; {row['advice']}" if row["advice"] else row["found"]} for row in rows]
    with if_somebody_reads():
        print_rows(rows, output_format, table_keys=("check", "state", "found"))
    raise typer.Exit(1 if any(finding.state is State.PROBLEM for finding in findings) else 0)
