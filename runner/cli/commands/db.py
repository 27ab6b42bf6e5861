"""`fitgap db`: commands about a database as a whole: status, upgrade, copy, backup, restore, compact."""

from typing import Annotated, Any

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat
from fitgap.runner.cli.render.lines import report, say
from fitgap.runner.suggestions import suggested

db = typer.Typer(no_args_is_help=True)


@db.command()
def status(database: Database = None, output_format: OutputFormat = Format.TABLE) -> None:
    """Show which database is used, its kind, schema and size."""
    from fitgap.runner.cli.render.formats import print_csv, print_json
    from fitgap.runner.store.admin.status import describe_database

    row = describe_database(database)
    if output_format is Format.JSON:
        print_json(row)
    elif output_format is Format.CSV:
        print_csv([row], list(row))
    else:
        print_status(row)


def print_status(row: dict[str, Any]) -> None:
    """Print the status of a database for people."""
    say(f"database  {row['database']}")
    say(f"kind      {row['kind']} {row['program_version']}")
    say(f"schema    {schema_text(row['schema'], row['newest_schema'])}")
    say(f"size      {row['bytes']:,} bytes")
    for name in ("sweeps", "trials", "epochs"):
        say(f"{name:<10}{row[name]:,}")


def schema_text(schema: str | None, newest: str) -> str:
    """The schema version of a database compared with this program's."""
    if schema is None:
        return "none yet; `fitgap run` creates the tables"
    if schema == newest:
        return f"{schema}, the newest"
    if schema < newest:
        return f"{schema}, older than this program's {newest}; run `{suggested('db', 'upgrade')}`"
    return f"{schema}, newer than this program's {newest}; update fitgap"


@db.command()
def upgrade(database: Database = None) -> None:
    """Upgrade the database to this version of fitgap; an SQLite file is first copied to a backup next to it."""
    from fitgap.runner.store.admin.upgrade import upgrade_database

    say(str(upgrade_database(database) or "the database is up to date"))


@db.command()
def copy(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="SQLite file or postgresql://… address.", show_default=False)
    ],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="Target database, which must have no rows.", show_default=False)
    ],
) -> None:
    """Copy a database to a new one, also between SQLite and PostgreSQL; all numbers stay exactly the same."""
    from fitgap.runner.store.admin.copy import copy_database

    counts = copy_database(source, target)
    say(f"copied; sweeps: {counts['sweep']:,}, trials: {counts['trial']:,}, epochs: {counts['epoch']:,}")


@db.command()
def compact(database: Database = None) -> None:
    """Rewrite an SQLite file to free the disk space of deleted rows."""
    from fitgap.runner.store.admin.sizes import compact_database

    sizes = compact_database(database)
    say(
        "{:,} bytes before, {:,} now".format(*sizes)
        if sizes
        else "nothing to do: a PostgreSQL server reuses free space by itself"
    )


@db.command()
def backup(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]",
            help="New file (default: fitgap.db.backup, then fitgap.db.backup-2 and so on).",
            show_default=False,
        ),
    ] = None,
    database: Database = None,
) -> None:
    """Back up an SQLite database into one new file, even while it is in use."""
    from fitgap.runner.store.schema.backup import back_up_database

    say(f"backed up to {back_up_database(database, target)}")


@db.command()
def restore(
    backup: Annotated[str, typer.Argument(metavar="BACKUP", help="Backup of a database.", show_default=False)],
    database: Database = None,
) -> None:
    """Restore an SQLite database from a backup; the current file is backed up first."""
    from fitgap.runner.store.admin.restore import restore_database

    done = restore_database(backup, database)
    say(str(done))
    if done.was_plain_copy:
        report(
            f"fitgap: {backup} is a plain copy of a file; if it was copied while the database was in use, rows that"
            " were still in its -wal file are missing (`fitgap db backup` copies all rows)"
        )
