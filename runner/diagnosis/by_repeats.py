"""The comparison of two configurations with an increasing number of repeats: how the uncertainty shrinks."""

import itertools
from collections.abc import Sequence

from fitgap.runner.store import Row, Store

# Numbers of first repeats to compare, in addition to all repeats.
FIRST = (2, 3, 5, 10, 20, 40, 80, 160)


def best_two(store: Store, sweep: str, of: str = "e_v", where: str | None = None) -> list[str]:
    """The hashes of the two best configurations, the better one first; those with incomplete trials come last."""
    groups = store.compare(sweep, ["configuration"], of=of, where=where)
    return [group["configuration"] for group in groups if group["completed"]][:2]


def excludes_0(row: Row) -> bool:
    """Whether the confidence interval of a difference is known and excludes 0."""
    low, high = row["difference_low"], row["difference_high"]
    return low is not None and high is not None and not low <= 0 <= high


def planned(row: Row) -> str:
    """How many repeats a difference of this size needs, as a sentence for answers and charts."""
    if row["repeats_needed"] is None:
        return "How many repeats this difference needs is unknown."
    return (
        f"Plan about {row['repeats_needed']} repeats for a difference of this size: in 4 of 5 such sweeps, the "
        "interval would exclude 0."
    )


def by_luck(rows: Sequence[Row]) -> str:
    """From how many repeats on the interval excludes 0 in this sweep, as a sentence; empty if all repeats together do
    not exclude it.
    """
    lasting = [row["repeats"] for row in itertools.takewhile(excludes_0, reversed(rows))]
    if not lasting:
        return ""
    misled = [str(row["repeats"]) for row in rows if excludes_0(row) and row["repeats"] not in lasting]
    early = f" (already with {' and '.join(misled)}, but not with the next larger number)" if misled else ""
    return (
        f"In this sweep, it excludes 0 from {min(lasting)} repeats on{early}; how early that happens is luck, so do "
        "not plan another sweep by it."
    )


def by_repeats(store: Store, sweep: str, pair: Sequence[str], of: str = "e_v") -> list[Row]:
    """The second configuration compared with the first: rows for increasing numbers of first repeats (`repeats`)."""
    total = store.repeat_count(store.sweep(sweep)["id"])
    found = []
    for count in [*(each for each in FIRST if each < total), total]:
        where = f"repeat <= {count} and configuration in ('{pair[0]}', '{pair[1]}')"
        rows = store.compare(sweep, ["configuration"], of=of, against=pair[0], where=where)
        row = next(each for each in rows if each["configuration"] == pair[1])
        if row["difference_margin"] is not None:
            found.append({**row, "repeats": count})
    return found
