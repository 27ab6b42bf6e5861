"""Verdicts as table cells."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fitgap.runner.store import Row

VERDICTS = ("good", "underfit", "overfit", "both", "unclear", "no_skill", "diverged")
VERDICT_TRIALS = tuple(f"{verdict}_trials" for verdict in VERDICTS)


def verdict_text(group: "Row") -> str | None:
    """A group's most frequent verdict and how many of its trials have it, such as `overfit 4/5`."""
    verdict = group["verdict"]
    return verdict and f"{verdict} {group[f'{verdict}_trials']}/{sum(group[key] for key in VERDICT_TRIALS)}"
