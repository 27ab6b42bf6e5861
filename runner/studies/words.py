"""Words for results: numbers with their uncertainty, and lists of settings."""

from collections.abc import Iterable, Sequence
from typing import Any

from fitgap.runner.names import plainer, plainer_settings
from fitgap.runner.store import Row, Store

MOST_NAMED = 6
FROM_BEST = "Differences are those in E_v from the best group."


def number(value: float) -> str:
    return f"{value:.3g}"


def listed(names: Iterable[Any], word: str = "and") -> str:
    """Such as `2, 4 and 8`; only the first of many."""
    texts = [plainer(str(name)) for name in names]
    if len(texts) > MOST_NAMED:
        texts = [*texts[: MOST_NAMED - 1], f"{len(texts) - MOST_NAMED + 1} more"]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def change(group: Row) -> str:
    """The difference of a group from the baseline, such as `0.021 higher (95 %: 0.012 to 0.030)`."""
    mean, low, high = group["difference"], group["difference_low"], group["difference_high"]
    if mean is None:
        return "not comparable"
    side = "higher" if mean >= 0 else "lower"
    if low is None:
        return f"{number(abs(mean))} {side} (uncertain, because there is only one repeat)"
    ends = (low, high) if mean >= 0 else (-high, -low)
    return f"{number(abs(mean))} {side} (95 %: {number(ends[0])} to {number(ends[1])})"


def against(group: Row, other: str = "") -> str:
    """How a group's error relates to that of the baseline `other`, with a verb, such as `is 0.02 higher than with 4
    (95 %: 0.01 to 0.03)`, or `cannot be told apart from that with 4 (95 % of the difference: -0.01 to 0.03)`.

    Higher or lower is only said of a difference whose interval excludes 0.
    """
    low, high = group["difference_low"], group["difference_high"]
    if group["difference"] is None:
        return f"cannot be compared{other and f' with that {other}'}"
    if low is not None and low <= 0 <= high:
        apart = f" from that {other}" if other else ""
        return f"cannot be told apart{apart} (95 % of the difference: {number(low)} to {number(high)})"
    size, bracket, interval = change(group).partition(" (")
    return f"is {size}{other and f' than {other}'}{bracket}{interval}"


def chosen(group: Row) -> str:
    """The setting of a tuned group; both if its halves chose different ones, such as `adam 0.01 and adam 0.03`."""
    return " and ".join(map(plainer_settings, dict.fromkeys(group["tuned_settings"]))) or "nothing"


def about_tuned(groups: Sequence[Row]) -> str:
    """How the numbers of tuned groups were obtained."""
    found = "Each is at its own best setting: half of the repeats chose it, the other half measured it."
    if not any(len(set(group["tuned_settings"])) > 1 for group in groups):
        return found
    return (
        f"{found} Where two settings are named, the halves chose different ones, and the numbers are means over both."
    )


def tuned_rows(groups: Sequence[Row]) -> list[Row]:
    """Tuned groups with their settings in words, as `setting`."""
    return [{**group, "setting": chosen(group)} for group in groups]


def lowest_mean(store: Store, sweep: str, key: str) -> str:
    """The setting with the lowest mean over all repeats, which the pictures of studies call the best."""
    best = store.compare(sweep, [key], of="e_v")[0]
    return (
        f"Over all repeats, as in the picture, the lowest mean is that of {plainer(str(best[key]))} "
        f"({number(best['e_v'])}): a little too low, because the repeats that chose it also measured it."
    )


def is_shown(group: Row) -> int:
    """1 if a group is shown to be above the baseline, −1 if below, 0 if neither is shown."""
    low, high = group["difference_low"], group["difference_high"]
    if low is None or high is None or low <= 0 <= high:
        return 0
    return 1 if low > 0 else -1


def cannot_be_told_apart(names: Sequence[Any]) -> str:
    """Such as `4 and 16 cannot be told apart from it.`"""
    return f"{listed(names)} cannot be told apart from it." if names else "All others are shown to be worse."


def repeats_advice(groups: Sequence[Row]) -> str:
    """A sentence on how many repeats would tell the best two apart, if that is known and feasible."""
    runner_up = next((group for group in groups if group["could_be_best"] and group["repeats_needed"]), None)
    if runner_up is None or not runner_up["paired_repeats"] < runner_up["repeats_needed"] <= 1000:
        return ""
    needed = runner_up["repeats_needed"]
    return f" About {needed} repeats would tell the best two apart, if they differ as they seem to."
