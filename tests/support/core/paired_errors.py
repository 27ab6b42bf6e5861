"""Errors of two networks on the same examples, drawn for tests of verdicts."""

import numpy as np
from fitgap.core.fit_differences import Errors
from hypothesis import strategies as st

EMPTY = np.empty(0, np.float32)


def errors_from(seen, unseen, **changes):
    """Errors whose sample contains all examples."""
    seen, unseen = np.asarray(seen, float), np.asarray(unseen, float)
    numbers = {"e_t": seen.mean(), "e_v": unseen.mean(), "count_t": len(seen), "count_v": len(unseen)}
    return Errors(**{**numbers, "sample_t": seen, "sample_v": unseen, **changes})


def drawn(seed, e_t=1.0, e_v=1.0, *, likeness=0.9, count=100):
    """Errors of two networks on the same examples: one with means `e_t` and `e_v`, and the reference with means 1 and
    1.
    """
    rng = np.random.default_rng(seed)
    sides = []
    for mean in (e_t, e_v):
        shared, one, other = rng.exponential(size=(3, count))
        own, reference = (likeness * shared + (1 - likeness) * each for each in (one, other))
        sides.append((mean * own / own.mean(), reference / reference.mean()))
    (own_t, reference_t), (own_v, reference_v) = sides
    return errors_from(own_t, own_v), errors_from(reference_t, reference_v)


@st.composite
def pairs(draw):
    """The errors of any two networks on the same examples."""
    counts = [draw(st.integers(1, 20)) for _ in range(2)]
    sides = [[draw(st.lists(st.floats(0, 1e6), min_size=n, max_size=n)) for n in counts] for _ in range(2)]
    return errors_from(*sides[0]), errors_from(*sides[1])
