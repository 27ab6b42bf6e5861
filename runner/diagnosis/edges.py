"""Edges of a sweep: ordered axes with the best configuration at their end, which the next sweep should extend."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from fitgap.core.fit_remedies import Remedy
from fitgap.core.variants import ParameterError
from fitgap.runner.diagnosis.applied_remedies import Direction
from fitgap.runner.diagnosis.changes import Change, alternative, is_trainable
from fitgap.runner.diagnosis.ordered_axes import ORDERED, OrderedAxis, Point, line
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store

# The number of best configurations that are considered.
AMONG = 20_000
# The best configuration must be better than its neighbor on the axis by at least this share.
BETTER_THAN_NEIGHBOR = 0.02
# An axis is extended by the ratio of its last two values, within these bounds.
LEAST_STEP, LARGEST_STEP = 2.0, 10.0
# A parameter of a search with more distinct values than the first number was drawn from a range. The second number is
# the share of the range that counts as each of its ends.
MOST_VALUES, CLOSE_TO_AN_END = 8, 0.05
# The best epoch counts as the last one if it is at or beyond this share of the epochs.
AT_THE_END = 0.95


End = tuple[str, Change]


def edges(store: Store, sweep_id: int, varying: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """The ends of ordered axes where the best configuration is, each with the change to try next, as plain data."""
    if not rows:
        return []
    return [plain_edge(end, change) for end, change in edge_changes(store, sweep_id, varying, rows)[1]]


def edge_changes(
    store: Store, sweep_id: int, varying: Sequence[str], rows: Sequence[Row]
) -> tuple[Configuration, list[End]]:
    """The best configuration, and the ends of ordered axes where it is, each with a change beyond the end."""
    best = rows[0]
    is_search = bool(store.sweep(sweep_id)["specification"].get("search"))
    on_lines = [row for row in rows if sum(row[axis] != best[axis] for axis in varying) <= 1]
    known = rows if is_search else on_lines
    settings = store.settings_of_configurations(sweep_id, [row["configuration"] for row in known])
    own = Configuration.from_canonical(settings[best["configuration"]])

    def through_best(axis: str) -> Sequence[Row]:
        return [row for row in on_lines if all(row[each] == best[each] for each in varying if each != axis)]

    def drawn(axis: OrderedAxis) -> Sequence[Point]:
        return line(axis, own, rows, settings) if is_search and axis.axis in varying else []

    return own, ends(own, best, through_best, settings, drawn)


def ends(
    own: Configuration,
    best: Row,
    through_best: Callable[[str], Sequence[Row]],
    settings: Mapping[str, Row],
    drawn: Callable[[OrderedAxis], Sequence[Point]] = lambda axis: [],
) -> list[End]:
    """The ends of ordered axes where the best configuration is, each with a change beyond the end.

    `through_best` returns the rows on the line through the best configuration along an axis, including its own;
    `settings` holds the settings of all rows. `drawn` returns the points of all configurations along an axis of a
    search, whatever their other settings are.
    """
    found: list[End] = []
    for axis in ORDERED:
        all_drawn = drawn(axis)
        if len({point.value for point in all_drawn}) > MOST_VALUES:
            found += list(end_of_range(axis, own, best, all_drawn))
        elif not all_drawn or is_outermost(best, all_drawn):
            found += list(edge_of(axis, own, best, line(axis, own, through_best(axis.axis), settings)))
    if not any(change.axis == "epochs" for _, change in found):
        found += list(last_epoch(own, best))
    return found


def edge_of(axis: OrderedAxis, own: Configuration, best: Row, points: Sequence[Point]) -> Iterator[End]:
    """The end of an axis, if the best configuration is there and clearly better than its neighbor."""
    place = next((number for number, point in enumerate(points) if point.row is best), None)
    if len(points) < 2 or place not in (0, len(points) - 1):
        return
    is_highest = place != 0
    neighbor = points[place - 1] if is_highest else points[place + 1]
    if not best["error"] < (1 - BETTER_THAN_NEIGHBOR) * neighbor.row["error"]:
        return
    low, high = sorted([points[place].value, neighbor.value])
    step = min(LARGEST_STEP, max(LEAST_STEP, high / low)) if low > 0 else LEAST_STEP
    change = further(axis, own, step if is_highest else 1 / step)
    if change:
        yield axis.highest if is_highest else axis.lowest, change


def is_outermost(best: Row, points: Sequence[Point]) -> bool:
    """Whether no configuration of a search has a value beyond that of the best one, whatever its other settings are."""
    value = next(point.value for point in points if point.row is best)
    return value in (points[0].value, points[-1].value)


def end_of_range(axis: OrderedAxis, own: Configuration, best: Row, points: Sequence[Point]) -> Iterator[End]:
    """The end of a range from which a search drew the values on an axis, if the best configuration is close to it.

    Few configurations of such a search differ in a single setting, so there is no neighbor to compare the best with.
    """
    value = next(point.value for point in points if point.row is best)
    low, high = points[0].value, points[-1].value
    place = math.log(value / low) / math.log(high / low) if low > 0 else (value - low) / (high - low)
    if CLOSE_TO_AN_END < place < 1 - CLOSE_TO_AN_END:
        return
    is_highest = place > 0.5
    change = further(axis, own, LEAST_STEP if is_highest else 1 / LEAST_STEP)
    if change:
        yield axis.highest if is_highest else axis.lowest, change


def further(axis: OrderedAxis, own: Configuration, factor: float) -> Change | None:
    """The best configuration moved beyond the end of an axis; None if there is nothing beyond."""
    try:
        changed = axis.move(own, factor)
    except ParameterError:
        return None
    if changed == own or not is_trainable(changed):
        return None
    direction = Direction.HIGHER if factor > 1 else Direction.LOWER
    before, after = alternative(own, axis.axis), alternative(changed, axis.axis)
    return Change(Remedy.FURTHER, axis.axis, axis.setting, direction, before, after, changed)


def last_epoch(own: Configuration, best: Row) -> Iterator[End]:
    """More epochs, if the best epoch is the last one."""
    if best["best_epoch"] is None or own.epochs < 2 or best["best_epoch"] < AT_THE_END * own.epochs:
        return
    epochs = next(each for each in ORDERED if each.axis == "epochs")
    change = further(epochs, own, LEAST_STEP)
    if change:
        yield "its best epoch is the last one", change


def plain_edge(end: str, change: Change) -> Row:
    words = f"{change.axis.replace('_', ' ')} {change.after}"
    return {"axis": change.axis, "end": end, "advice": words, "changes": [change.plain()]}
