"""Properties derived from the layers of a network."""

import itertools

from fitgap.core.layers.dense import Dense
from fitgap.core.network_shape import NetworkShape, dense_network
from hypothesis import given
from hypothesis import strategies as st

SIZES = st.lists(st.integers(1, 9), min_size=2, max_size=5).map(tuple)


@given(SIZES)
def test_dense_networks_have_a_weight_per_connection_and_a_bias_per_unit(sizes):
    network, pairs = dense_network(sizes), list(itertools.pairwise(sizes))
    assert network.sizes == network.channels == sizes
    assert network.shapes == tuple((size,) for size in sizes)
    assert network.weight_count == network.multiplications == sum(a * b for a, b in pairs)
    assert network.parameter_count == sum((inputs + 1) * outputs for inputs, outputs in pairs)
    assert network.label == "-".join(map(str, sizes))
    assert network.is_dense


def test_equal_networks_are_equal_and_one_key():
    other = NetworkShape((4,), (Dense(3), Dense(2)))
    assert dense_network((4, 3, 2)) == other
    assert len({dense_network((4, 3, 2)), other, dense_network((4, 2, 3))}) == 2
