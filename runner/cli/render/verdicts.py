"""Verdicts as table cells."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fitgap.runner.store import Row


def verdict_text(group: "Row") -> str | None:
    """A group's most frequent verdict and how many of its judged trials have it, such as `overfit 4/5`.

    All repeats together may have a verdict that no single trial has. Then the count is left out.
    """
    verdict = group["verdict"]
    judged = [count for key, count in group.items() if key.endswith("_trials") and key != "pruned_trials"]
    agreeing = group.get(f"{verdict}_trials") or 0
    return f"{verdict} {agreeing}/{sum(judged)}" if agreeing else verdict
