"""The setting that stands out: it has a verdict or an ending much more often than the other settings of its axis."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fitgap.runner.store import Row


def most_with(by_setting: Sequence[Row], ending: str) -> Row | None:
    """The setting that has a verdict or a status much more often than the others; None if none stands out."""
    own: Counter[tuple[str, Any]] = Counter()
    all_of: Counter[tuple[str, Any]] = Counter()
    for row in by_setting:
        key = row["axis"], row["setting"]
        all_of[key] += row["count"]
        own[key] += row["count"] if row["verdict"] == ending else 0
    total: Counter[str] = Counter()
    total_own: Counter[str] = Counter()
    for (axis, setting), count in all_of.items():
        total[axis] += count
        total_own[axis] += own[axis, setting]
    # Observed count minus the count expected if the setting made no difference.
    surplus = {key: own[key] - count * total_own[key[0]] / total[key[0]] for key, count in all_of.items()}
    if not surplus:
        return None
    axis, setting = max(surplus, key=lambda key: surplus[key])
    # Require at least half of all configurations with the verdict, and twice the rate of the other settings.
    found, others = own[axis, setting], total_own[axis] - own[axis, setting]
    if found < 2:
        return None
    if (
        2 * found < total_own[axis]
        or found * (total[axis] - all_of[axis, setting]) <= 2 * others * all_of[axis, setting]
    ):
        return None
    return {"axis": axis, "setting": setting, "configurations": found, "of": all_of[axis, setting]}
