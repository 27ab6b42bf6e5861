"""The packs of a planned sweep in words: one line per group of trials that may share packs, or one for many groups."""

from collections.abc import Iterator, Sequence

from fitgap.runner.amounts import counted
from fitgap.runner.planning.packs import TrialGroup, even_parts, explain_packs, member_bytes, sized

# More groups than this are summarized in one line.
MOST_LINES = 10


def packs_in_words(groups: Sequence[TrialGroup], *, workers: int, cache: int | None = None) -> Iterator[str]:
    """The lines about the packs, such as `38 groups of equal networks: 120 trials in 60 packs of up to 2 to 6 (…)`."""
    if len(groups) <= MOST_LINES:
        yield from explain_packs(groups, workers=workers, cache=cache)
        return
    found = list(sized(groups, workers, cache))
    packs = sum(sum(1 for _ in even_parts(group.count, size.members)) for group, size in found)
    trials = counted(sum(group.count for group in groups), "trial")
    sizes = extent([size.members for _, size in found])
    kilobytes = extent([round(member_bytes(group.shape) / 1024) for group in groups])
    yield (
        f"{len(groups)} groups of equal networks: {trials} in {counted(packs, 'pack')} of up to {sizes} "
        f"(a trial needs {kilobytes} KB, {counted(workers, 'worker')})"
    )


def extent(numbers: Sequence[int]) -> str:
    """The lowest and the highest number, such as `2 to 6`."""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
