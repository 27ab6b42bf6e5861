"""What charts leave out, for the text below their titles: trials that were pruned."""

import polars as pl
from fitgap.runner.amounts import counted
from fitgap.runner.charts.subject import Subject
from fitgap.runner.trial_status import Status


def pruned_words(subject: Subject) -> str:
    """How many of the chosen trials were pruned, which charts do not show; nothing if none was."""
    count = subject.trials.filter(pl.col("status") == Status.PRUNED).height
    if not count:
        return ""
    words = "was pruned and is" if count == 1 else "were pruned and are"
    return f"{count:,} of {counted(subject.trials.height, 'trial')} {words} not shown."


def shows_pruned(kind: str, subject: Subject) -> bool:
    """Whether a kind of chart also shows trials that were pruned: curves of single trials, and functions."""
    return kind == "activation" or (kind == "curves" and bool(subject.request.trials))
