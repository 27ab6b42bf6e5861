"""Commands that keep order: tag, note, rename, delete.

What they are about is named alike: a number, or several as `7,8,9`, is a trial; a sweep is meant by its name.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat, SweepArgument, as_text
from fitgap.runner.cli.render.lines import printable, report
from fitgap.runner.errors import StoreError

if TYPE_CHECKING:
    from fitgap.runner.store import Deletion, Store

LABEL_KEYS = ("name", "sweep", "trial", "tags", "note")
What = Annotated[
    str,
    typer.Argument(metavar="SWEEP|TRIAL[,TRIAL…]", help="Name of a sweep, or numbers of trials.", show_default=False),
]
ManyWhat = Annotated[
    list[str],
    typer.Argument(metavar="SWEEP…|TRIAL…", help="Names of sweeps, or numbers of trials.", show_default=False),
]

Tags = Annotated[list[str] | None, typer.Argument(metavar="TAG…", help="Tags; none to see them.", callback=as_text)]
Text = Annotated[str | None, typer.Argument(metavar="TEXT", help="The note; nothing to see it.", callback=as_text)]


def tag(
    what: What,
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="TAG…", help="Tags; none to see them.", callback=as_text)
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take these tags away.")] = False,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Tag a sweep or trials, take tags away, or see them."""
    if not tags:
        if remove:
            raise StoreError("--remove: name the tags to take away")
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
        str | None, typer.Argument(metavar="TEXT", help="The note; nothing to see it.", callback=as_text)
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the note.")] = False,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Write a note on a sweep or trials, in the place of any earlier one, or see it."""
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
    """Give a sweep another name."""
    from fitgap.runner.cli.commands.resume import known_sweep

    with known_sweep(database, sweep) as store:
        report(f"{store.rename_sweep(sweep, name)} is called {name} now")


def delete(
    what: ManyWhat,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
) -> None:
    """Delete sweeps or trials with all that belongs to them, after asking."""
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
        report(f"{unused:,} bytes of the file are unused; `fitgap db compact` gives them back")


def is_confirmed(planned: "Deletion") -> bool:
    """Whether somebody at a terminal says that this is to go; StoreError where there is nobody."""
    if not sys.stdin.isatty():
        raise StoreError(f"this deletes {planned}; add --yes where nobody can be asked")
    print(printable(f"Delete {planned}? [y/N]: "), end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        # Ctrl-D leaves the line as it is.
        report("")
    return answer.strip().lower() in ("y", "yes")


def print_labels(database: str | None, what: str, output_format: Format) -> None:
    """Print the tags and notes of a sweep or of trials."""
    from fitgap.runner.cli.render.answers import print_rows
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        rows = store.labels([what])
    print_rows(rows, output_format, table_keys=[key for key in LABEL_KEYS if key in rows[0]])


@contextlib.contextmanager
def writing(database: str | None, words: list[str]) -> Iterator["Store"]:
    """The store open for writing, after what the words name was found in it: else nothing is made or changed."""
    from fitgap.runner.store import open_store, open_store_for_writing

    with open_store(database) as reading:
        reading.labels(words)
    with open_store_for_writing(database) as store:
        yield store
