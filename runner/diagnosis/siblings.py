"""Siblings: good configurations that differ from a bad one in a single axis, which explains what is wrong with it."""

from collections.abc import Iterable, Sequence

from fitgap.core.fit_facts import Cause, FoundCause
from fitgap.core.fit_remedies import Remedy
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.diagnosis.applied_remedies import Direction
from fitgap.runner.diagnosis.changes import Change
from fitgap.runner.diagnosis.facts import Reason
from fitgap.runner.spec import Configuration
from fitgap.runner.spec.axes import AXES as FIELDS
from fitgap.runner.store import Row, Store

# Siblings are looked up among this many of the best configurations.
AMONG = 20_000
# A sibling explains what is wrong if its excess is at most this share of the bad one's: the second if it is good, else
# the first.
EXPLAINS, EXPLAINS_IF_GOOD = 0.25, 0.6
AXES = tuple(FIELDS)
# Configurations that differ in these have different references, so their excesses cannot be compared.
OF_PEERS = ("training_examples", "label_noise", "loss")


class Siblings:
    """The best configurations of a sweep, indexed by all of their settings except one."""

    def __init__(self, best: Sequence[Row], bad: Sequence[Row]):
        # The axes in which configurations differ.
        self.axes = [axis for axis in AXES if len({row[axis] for row in [*best, *bad]}) > 1]
        self.own_axes = [axis for axis in self.axes if axis not in OF_PEERS]
        self.found: dict[tuple[str, tuple[object, ...]], Row] = {}
        # Best first: the first one with the same other settings is kept.
        for row in best:
            for axis in self.own_axes:
                self.found.setdefault((axis, self.others(row, axis)), row)

    def others(self, row: Row, axis: str) -> tuple[object, ...]:
        return tuple(row[each] for each in self.axes if each != axis)

    def of(self, row: Row) -> list[tuple[str, Row]]:
        """The best sibling in each axis, if it explains what is wrong with a configuration; best first."""
        siblings = [(axis, self.found.get((axis, self.others(row, axis)))) for axis in self.own_axes]
        found = [(axis, other) for axis, other in siblings if other and explains(other, row)]
        return sorted(found, key=lambda each: each[1]["excess"])


def explains(other: Row, row: Row) -> bool:
    """Whether another configuration is good, or at least far better than this one."""
    if other["configuration"] == row["configuration"] or other["verdict"] in (Verdict.NO_SKILL, Verdict.DIVERGED):
        return False
    if row["verdict"] == Verdict.DIVERGED:
        return bool(other["verdict"] == Verdict.GOOD)
    if row["excess"] is None or row["excess"] <= 0:
        return False
    share = other["excess"] / row["excess"]
    return bool(share <= (EXPLAINS_IF_GOOD if other["verdict"] == Verdict.GOOD else EXPLAINS))


def with_siblings(
    store: Store, sweep_id: int, rows: Sequence[Row], reasons: dict[int, list[Reason]]
) -> dict[int, list[Reason]]:
    """The reasons for each trial, beginning with the sibling that explains it, if there is one."""
    siblings = Siblings(store.best_configurations(sweep_id, AMONG), rows)
    explained = {row["trial"]: siblings.of(row) for row in rows}
    numbers = {other["trial"] for found in explained.values() for _, other in found}
    settings = store.settings_of_trials(list(numbers)) if numbers else {}
    result = dict(reasons)
    for row in rows:
        own = reasons.get(row["trial"], [])
        led = [reason_of(row, axis, other, settings[other["trial"]]) for axis, other in explained[row["trial"]]]
        result[row["trial"]] = [*preferred(led, own), *own]
    return result


def preferred(led: Sequence[Reason], own: Iterable[Reason]) -> list[Reason]:
    """The sibling in the axis that the evidence points to, if there is one, otherwise the best one."""
    suspected = [change.axis for reason in own for change in reason.changes[:1]]
    for axis in suspected[:1]:
        for reason in led:
            if reason.changes[0].axis == axis:
                return [reason]
    return list(led[:1])


def reason_of(row: Row, axis: str, other: Row, settings: Row) -> Reason:
    """The sibling as a cause, with its setting as the change to make."""
    noun = axis.replace("_", " ")
    quality = "good" if other["verdict"] == Verdict.GOOD else "far better"
    which = f"with {noun} {other[axis]} (trial {other['trial']})"
    seen = f"the same configuration is {quality} {which}: the {noun} is the cause"
    share = other["excess"] / row["excess"] if row["excess"] else None
    found = FoundCause(Cause.SIBLING, share, seen, (Remedy.AS_SIBLING,))
    changed = Configuration.from_canonical(settings)
    change = Change(Remedy.AS_SIBLING, axis, axis, direction_of(axis, row, other), row[axis], other[axis], changed)
    return Reason(found, [change])


def direction_of(axis: str, row: Row, other: Row) -> Direction:
    """Higher or lower for numbers, otherwise another setting."""
    if not isinstance(row[axis], int | float) or not isinstance(other[axis], int | float):
        return Direction.OTHER
    return Direction.HIGHER if other[axis] > row[axis] else Direction.LOWER
