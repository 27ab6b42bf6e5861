"""Batches of a pack: the examples of each repeat are gathered once, for all members that share them."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# Examples are gathered for several batches at once, up to so many bytes of a repeat.
GATHERED_BYTES = 1 << 18
# Below so many members to a share, copies of the inputs cost less than the calls for every share.
FEWEST_PER_SHARE = 4

# Inputs (N, n_0) and targets (N, n_L) of every repeat.
Tables = tuple[Sequence[np.ndarray], Sequence[np.ndarray]]


@dataclass(frozen=True)
class BatchShare:
    """Neighbouring members `rows` of a pack that have, in turn and `cycles` times over, the batches of `repeats`."""

    rows: slice
    repeats: slice
    cycles: int

    def of_members(self, values: np.ndarray) -> np.ndarray:
        """A view (cycles, repeats, …) of what the members of the share have of `values` (K, …)."""
        chosen = values[self.rows]
        return chosen.reshape(self.cycles, -1, *chosen.shape[1:])


def shares_of(repeats: Sequence[int]) -> list[BatchShare]:
    """The shares of members whose repeats have these numbers; none where there would be too many of them."""
    shares, start = [], 0
    while start < len(repeats):
        shares.append(longest_share(repeats, start))
        start = shares[-1].rows.stop
    return shares if len(shares) <= max(1, len(repeats) // FEWEST_PER_SHARE) else []


def longest_share(repeats: Sequence[int], start: int) -> BatchShare:
    """The longest share that begins with member `start`: of a single repeat, or of as many as follow each other."""
    first, rest = repeats[start], repeats[start:]
    ascending = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(rest, itertools.count(first))))
    candidates = [(length * cycles_of(rest, length), length) for length in (1, ascending)]
    count, length = max(candidates)
    return BatchShare(slice(start, start + count), slice(first, first + length), count // length)


def cycles_of(repeats: Sequence[int], length: int) -> int:
    """How often the first `length` numbers come, again and again, at the beginning of `repeats`."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(repeats, itertools.cycle(repeats[:length])))
    return sum(1 for _ in same) // length


def batches(tables: Tables, order: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Inputs (R, B, n_0) and targets (R, B, n_L) of one batch after the other, from the tables of R repeats.

    `order` (R, n) holds the rows to take, `size` is how many of them make a batch; the last may have fewer.
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
    """As `batches`, of all examples as they lie: copied, which is several times as fast as gathered."""
    inputs, targets = tables
    for start in range(0, len(inputs[0]), size):
        chosen = slice(start, start + size)
        yield np.stack([table[chosen] for table in inputs]), np.stack([table[chosen] for table in targets])


def gather(tables: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """The rows (R, n) of each of R tables (N, m), as (R, n, m)."""
    gathered = np.empty((*rows.shape, tables[0].shape[1]), tables[0].dtype)
    for table, chosen, out in zip(tables, rows, gathered, strict=True):
        # Clipping, which never happens here, spares NumPy a copy.
        np.take(table, chosen, axis=0, out=out, mode="clip")
    return gathered
