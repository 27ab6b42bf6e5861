"""Notes below the titles of charts on pruned trials, which most charts leave out."""

import polars as pl
from fitgap.runner.amounts import counted
from fitgap.runner.charts.subject import Subject
from fitgap.runner.trial_status import Status


def pruned_words(subject: Subject) -> str:
    """A sentence with the number of pruned trials, which are not shown; empty if there are none."""
    count = subject.trials.filter(pl.col("status") == Status.PRUNED).height
    if not count:
        return ""
    words = "was pruned and is" if count == 1 else "were pruned and are"
    return f"{count:,} of {counted(subject.trials.height, 'trial')} {words} not shown."


def shows_pruned(kind: str, subject: Subject) -> bool:
    """Whether a kind of chart also shows trials that were pruned: curves of single trials, and functions."""
    return kind == "activation" or (kind == "curves" and bool(subject.request.trials))
