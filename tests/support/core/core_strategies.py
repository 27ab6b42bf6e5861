"""Random packs for property tests of the core, without their members and examples."""

from fitgap.core.evaluation import CHUNK
from fitgap.core.losses import LOSSES
from fitgap.core.members import PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.target_coding import READINGS
from hypothesis import strategies as st

SIZES = st.one_of(st.integers(1, 9), st.sampled_from([15, 16, 17, 33]))
LAYERS = st.lists(SIZES, min_size=2, max_size=4).map(tuple)


def readings_of(output_count):
    """Every reading that fits this number of outputs, with its number of classes."""
    candidates = [
        (kind(), classes) for kind in READINGS.values() for classes in {2, max(output_count, 2), output_count - 1}
    ]
    fitting = [
        (reading, classes if reading.for_classes else 0)
        for reading, classes in candidates
        if classes > 1 and reading.output_count(classes, output_count) == output_count
    ]
    return st.sampled_from(fitting)


@st.composite
def packs(draw):
    """The shape of any pack, its numbers of examples and members, and a seed; no members."""
    layers, dtype = draw(LAYERS), draw(st.sampled_from(["float32", "float64"]))
    loss = LOSSES[draw(st.sampled_from(sorted(LOSSES)))]()
    reading, class_count = draw(readings_of(layers[-1]))
    counts = draw(st.integers(1, 40)), draw(st.sampled_from([1, 2, 20, CHUNK + 1]))
    measured = draw(st.sampled_from([None, None, 1, 7, 50]))
    shape = PackShape(dense_network(layers), draw(st.integers(1, 12)), loss, reading, class_count, dtype, measured)
    return shape, counts, draw(st.integers(2, 6)), draw(st.integers(0, 2**32))
