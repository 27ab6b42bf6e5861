"""`fitgap tag`, `note`, `rename` and `delete`: commands that label and remove sweeps and trials.

In all of them a number, or several such as `7,8,9`, selects trials; a name selects a sweep.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat, SweepArgument, as_text
from fitgap.runner.cli.render.lines import printable, report
from fitgap.runner.errors import StoreError
from fitgap.runner.suggestions import suggested

if TYPE_CHECKING:
    from fitgap.runner.store import Deletion, Store

LABEL_KEYS = ("name", "sweep", "trial", "tags", "note")
What = Annotated[
    str,
    typer.Argument(metavar="SWEEP|TRIAL[,TRIAL…]", help="Sweep name or trial numbers.", show_default=False),
]
ManyWhat = Annotated[
    list[str],
    typer.Argument(metavar="SWEEP…|TRIAL…", help="Sweep names or trial numbers.", show_default=False),
]


def tag(
    what: What,
    tags: Annotated[
        list[str] | None,
        typer.Argument(metavar="TAG…", help="Tags; without any, show the present ones.", callback=as_text),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove these tags.")] = False,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Add, remove or show the tags of a sweep or of trials."""
    if not tags:
        if remove:
            raise StoreError("--remove: name the tags to remove")
        print_labels(database, what, output_format)
        return
    with writing(database, [what]) as store:
        if remove:
            store.remove_tags([what], tags)
        else:
            store.add_tags([what], tags)


def note(
    what: What,
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="The note; without a text, show the present one.", callback=as_text),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the note.")] = False,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Write, replace, remove or show the note of a sweep or of trials."""
    if text and remove:
        raise StoreError("give the text of a note or --remove, not both")
    if text is None and not remove:
        print_labels(database, what, output_format)
        return
    with writing(database, [what]) as store:
        store.write_note([what], text or "")


def rename(
    sweep: SweepArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.", show_default=False)],
    database: Database = None,
) -> None:
    """Rename a sweep."""
    from fitgap.runner.driver import stored_sweep_opened

    with stored_sweep_opened(database, sweep) as store:
        report(f"{store.rename_sweep(sweep, name)} is now called {name}")


def delete(
    what: ManyWhat,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    database: Database = None,
) -> None:
    """Delete sweeps or trials with all their data, after confirmation."""
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        planned = store.deletion(what)
    if not yes and not is_confirmed(planned):
        report("nothing was deleted")
        raise typer.Exit(1)
    with writing(database, what) as store:
        report(f"deleted {store.delete(what)}")
        unused = store.unused_bytes()
    if unused:
        report(f"{unused:,} bytes of the file are unused; `{suggested('db', 'compact')}` frees them")


def is_confirmed(planned: "Deletion") -> bool:
    """Whether the user confirms the deletion at the terminal. Raises StoreError if there is no terminal."""
    if not sys.stdin.isatty():
        raise StoreError(f"this deletes {planned}; add --yes to confirm without a terminal")
    print(printable(f"Delete {planned}? [y/N]: "), end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        # Ctrl-D does not end the line.
        report("")
    return answer.strip().lower() in ("y", "yes")


def print_labels(database: str | None, what: str, output_format: Format) -> None:
    """Print the tags and notes of a sweep or of trials."""
    from fitgap.runner.cli.render.formats import print_rows
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        rows = store.labels([what])
    print_rows(rows, output_format, table_keys=[key for key in LABEL_KEYS if key in rows[0]])


@contextlib.contextmanager
def writing(database: str | None, words: list[str]) -> Iterator["Store"]:
    """The store open for writing, once what the words name is found; otherwise nothing is created or changed."""
    from fitgap.runner.store import open_store, open_store_for_writing

    with open_store(database) as reading:
        reading.labels(words)
    with open_store_for_writing(database) as store:
        yield store
