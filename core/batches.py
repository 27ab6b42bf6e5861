"""Mini-batches of a pack: the examples of each repeat are gathered once for all members that share them."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# Examples of several batches are gathered at once, up to this many bytes per repeat.
GATHERED_BYTES = 1 << 18
# With fewer members per share than this, copying the inputs costs less than one call per share.
FEWEST_PER_SHARE = 4

# Inputs (N, n_0) and targets (N, n_L) of every repeat.
Tables = tuple[Sequence[np.ndarray], Sequence[np.ndarray]]


@dataclass(frozen=True)
class BatchShare:
    """Adjacent members `rows` of a pack whose repeats are the sequence `repeats`, `cycles` times in a row."""

    rows: slice
    repeats: slice
    cycles: int

    def of_members(self, values: np.ndarray) -> np.ndarray:
        """A view (cycles, repeats, …) of the rows of `values` (K, …) that belong to the members of this share."""
        own = values[self.rows]
        return own.reshape(self.cycles, -1, *own.shape[1:])


def shares_of(repeats: Sequence[int]) -> list[BatchShare]:
    """The shares of members with these repeat numbers; empty if there are too many for sharing to save time."""
    shares, start = [], 0
    while start < len(repeats):
        shares.append(longest_share(repeats, start))
        start = shares[-1].rows.stop
    return shares if len(shares) <= max(1, len(repeats) // FEWEST_PER_SHARE) else []


def longest_share(repeats: Sequence[int], start: int) -> BatchShare:
    """The longest share that starts at member `start`, with a single repeat or with cycles of consecutive repeats."""
    first, rest = repeats[start], repeats[start:]
    ascending = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(rest, itertools.count(first))))
    candidates = [(length * cycles_of(rest, length), length) for length in (1, ascending)]
    count, length = max(candidates)
    return BatchShare(slice(start, start + count), slice(first, first + length), count // length)


def cycles_of(repeats: Sequence[int], length: int) -> int:
    """How many times in a row the first `length` numbers occur at the start of `repeats`."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(repeats, itertools.cycle(repeats[:length])))
    return sum(1 for _ in same) // length


def batches(tables: Tables, order: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield inputs (R, B, n_0) and targets (R, B, n_L) of each batch, from the tables of R repeats.

    `order` (R, n) holds the rows to take, `size` is the batch size; the last batch may be smaller.
    """
    inputs, targets = tables
    example_bytes = inputs[0][0].nbytes + targets[0][0].nbytes
    together = max(1, GATHERED_BYTES // (size * example_bytes)) * size
    for start in range(0, order.shape[1], together):
        rows = order[:, start : start + together]
        gathered = gather(inputs, rows), gather(targets, rows)
        for first in range(0, rows.shape[1], size):
            yield gathered[0][:, first : first + size], gathered[1][:, first : first + size]


def batches_in_order(tables: Tables, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Like `batches`, for all examples in stored order; copying slices is several times faster than gathering rows."""
    inputs, targets = tables
    for start in range(0, len(inputs[0]), size):
        chosen = slice(start, start + size)
        yield stacked(inputs, chosen), stacked(targets, chosen)


def stacked(tables: Sequence[np.ndarray], chosen: slice) -> np.ndarray:
    """These rows of R tables (N, m), as (R, n, m). For a single table, a view: copying would take the most time."""
    return tables[0][chosen][np.newaxis] if len(tables) == 1 else np.stack([table[chosen] for table in tables])


def gather(tables: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """The rows (R, n) of each of R tables (N, m), as (R, n, m)."""
    gathered = np.empty((*rows.shape, tables[0].shape[1]), tables[0].dtype)
    for table, chosen, out in zip(tables, rows, gathered, strict=True):
        # All indices are in range; mode="clip" saves NumPy a copy.
        np.take(table, chosen, axis=0, out=out, mode="clip")
    return gathered
