"""The argument TRIAL of commands about one trial: its number."""

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import as_text
from fitgap.runner.suggestions import suggested

if TYPE_CHECKING:
    from fitgap.runner.store import Store

# More digits than any trial number has.
MOST_DIGITS = 30


def trial_number(text: str) -> int:
    """The trial number in a text. A text with too many digits is cut off, which gives a number that no trial has."""
    return int(text[:MOST_DIGITS])


def checked_trial(context: typer.Context, text: str) -> str:
    """The text if it is a trial number. Raises a usage error if not, with advice if it is the name of a sweep."""
    text = as_text(text)
    if not text.removeprefix("-").isdecimal():
        rule = f"must be the number of a trial, but is {text!r}; `{suggested('trials', 'SWEEP')}` lists them"
        raise typer.BadParameter(words_on_sweep(text, context.params.get("database")) or rule)
    return text


def checked_trials(context: typer.Context, texts: list[str] | None) -> list[str] | None:
    """The same as `checked_trial`, for an option that may be repeated."""
    return [checked_trial(context, text) for text in texts] if texts else None


def words_on_sweep(text: str, database: str | None) -> str | None:
    """What to say about the name of a sweep where a trial is needed; None if the database has no such sweep."""
    from fitgap.runner.errors import StoreError
    from fitgap.runner.store import open_store

    with contextlib.suppress(StoreError), open_store(database) as store:
        number = next((row["sweep"] for row in store.sweeps() if row["name"] == text), None)
        if number is not None:
            lists = f"`{suggested('trials', text)}` lists the numbers of its trials"
            return f"{text} is a sweep, but a trial is needed; {lists}{best_trial(store, number)}"
    return None


def best_trial(store: "Store", sweep: int) -> str:
    """How to show the best trial of the best configuration of a sweep; "" if no trial has completed."""
    best = next((row["best_trial"] for row in store.leaderboard(sweep, ["architecture"], 1)), None)
    return "" if best is None else f", and `{suggested('show', str(best))}` shows the best one"


TrialArgument = Annotated[
    str, typer.Argument(metavar="TRIAL", help="Trial number.", show_default=False, callback=checked_trial)
]
