"""Where parameters lie in the buffer, and what a layer computes."""

import itertools

import numpy as np
import pytest
from fitgap.core.layers import FUNCTION_PARAMETERS, ROW_ALIGNMENT, Connections, Layout
from fitgap.core.regularizers import Penalty
from hypothesis import given
from hypothesis import strategies as st

LAYERS = st.lists(st.integers(1, 9), min_size=2, max_size=5).map(tuple)


@given(LAYERS, st.integers(1, 3))
def test_views_share_out_the_buffer_and_leave_the_padding(layers, members):
    """Every parameter has one place, weights in the leading columns; what is left is padding."""
    layout = Layout(layers)
    buffer = np.zeros((members, layout.row_length))
    for view in layout.weights(buffer):
        view += 1
    assert np.array_equal(buffer.sum(axis=1), [layout.weight_count] * members)
    assert (buffer[:, : layout.weight_count] == 1).all()
    for view in layout.biases(buffer):
        view += 1
    assert (buffer[:, : layout.parameter_count] == 1).all()
    assert (buffer[:, layout.parameter_count :] == 0).all()


@given(LAYERS)
def test_counts_follow_from_the_sizes(layers):
    layout = Layout(layers)
    pairs = list(itertools.pairwise(layers))
    assert layout.depth == len(layers) - 1
    assert layout.connections() == pairs
    assert layout.parameter_count == sum((inputs + 1) * outputs for inputs, outputs in pairs)
    assert layout.row_length % ROW_ALIGNMENT == 0
    assert 0 <= layout.row_length - layout.parameter_count < ROW_ALIGNMENT


def test_shapes_of_the_views():
    layout, buffer = Layout((4, 3, 2)), np.zeros((5, 32))
    assert layout.row_length == 32
    assert [view.shape for view in layout.weights(buffer)] == [(5, 3, 4), (5, 2, 3)]
    assert [view.shape for view in layout.biases(buffer)] == [(5, 1, 3), (5, 1, 2)]


@given(LAYERS, st.data())
def test_every_function_parameter_has_a_column_of_its_own_after_the_biases(layers, data):
    counts = tuple(data.draw(st.integers(1, 3)) for _ in layers[1:])
    layout = Layout(layers, counts)
    columns = [
        layout.function_parameter(layer, position, name)
        for layer, count in enumerate(counts, start=1)
        for position in range(count)
        for name in FUNCTION_PARAMETERS
    ]
    assert columns == list(range(layout.parameter_count, layout.parameter_count + len(columns)))
    assert layout.row_length % ROW_ALIGNMENT == 0
    assert 0 <= layout.row_length - layout.parameter_count - len(columns) < ROW_ALIGNMENT


@given(LAYERS, st.booleans())
def test_penalties_count_the_network_or_its_first_layer_with_biases_or_without(layers, biases):
    layout = Layout(layers)
    views = layout.weights, layout.biases
    for scope, taken in {"network": slice(None), "input": slice(1)}.items():
        counted = np.zeros((1, layout.row_length))
        for columns in layout.penalty_columns(scope, biases):
            counted[:, columns] += 1
        expected = np.zeros_like(counted)
        for view in views if biases else views[:1]:
            for array in view(expected)[taken]:
                array += 1
        assert np.array_equal(counted, expected)


def test_every_scope_of_a_penalty_has_its_columns():
    """Walks the scopes: none falls through to that of another."""
    scopes = Penalty.parameters()["scope"].metadata["domain"].choices
    found = {str(Layout((4, 3, 2)).penalty_columns(scope, True)) for scope in scopes}
    assert len(found) == len(scopes)


@given(LAYERS, st.integers(1, 3))
def test_weights_in_training_are_those_that_are_saved(layers, members):
    """Each has another column, and those of the first layer lie transposed."""
    layout = Layout(layers)
    buffer = np.random.default_rng(6).normal(size=(members, layout.row_length))
    saved = buffer[:, layout.columns_as_saved()]
    training = [*layout.weights_in_training(buffer), *layout.biases(buffer)]
    for view, expected in zip(training, [*layout.weights(saved), *layout.biases(saved)], strict=True):
        assert np.shares_memory(view, buffer)
        assert np.array_equal(view, expected)
    first = layout.weights_in_training(buffer)[0]
    assert np.array_equal(first.mT.reshape(members, -1), buffer[:, : first[0].size])


@pytest.fixture
def layer():
    """Two members, three examples, four inputs, two outputs."""
    rng = np.random.default_rng(7)
    shapes = {"inputs": (2, 3, 4), "weights": (2, 2, 4), "bias": (2, 1, 2), "delta": (2, 3, 2)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


@pytest.fixture(params=["straight", "transposed"])
def connections(layer, request):
    """The layer's connections, with buffers whose weights lie as in later layers or as in the first."""

    def buffer(values):
        return values.mT.copy().mT if request.param == "transposed" else values.copy()

    made = Connections(buffer(layer["weights"]), layer["bias"], layer["inputs"], np.empty((2, 3, 2)))
    made.bind_gradients(layer["delta"], buffer(np.empty((2, 2, 4))), np.empty((2, 1, 2)), np.empty((2, 3, 4)))
    return made


def test_weigh_sums_each_input_once_and_adds_the_bias_once(layer, connections):
    """Corrections 1 and 5: n inputs and n weights, and a bias unit that is the constant 1."""
    connections.forward()
    for member, example, unit in np.ndindex(connections.sums.shape):
        terms = [layer["inputs"][member, example, i] * layer["weights"][member, unit, i] for i in range(4)]
        expected = sum(terms) + layer["bias"][member, 0, unit]
        assert connections.sums[member, example, unit] == pytest.approx(expected, rel=1e-12)


def test_gradient_is_summed_over_the_examples(layer, connections):
    connections.accumulate_gradients()
    for member, unit, i in np.ndindex(2, 2, 4):
        terms = [layer["delta"][member, example, unit] * layer["inputs"][member, example, i] for example in range(3)]
        assert connections.weights_gradient[member, unit, i] == pytest.approx(sum(terms), rel=1e-12)
        delta_sum = sum(layer["delta"][member, example, unit] for example in range(3))
        assert connections.bias_gradient[member, 0, unit] == pytest.approx(delta_sum, rel=1e-12)


def test_nothing_flows_back_out_of_the_bias_unit(layer, connections):
    """Correction 4: the sum starts at 1; started at 0 it adds a spurious 1 to every hidden delta."""
    connections.backward()
    for member, example, i in np.ndindex(connections.delta_before.shape):
        terms = [layer["delta"][member, example, unit] * layer["weights"][member, unit, i] for unit in range(2)]
        assert connections.delta_before[member, example, i] == pytest.approx(sum(terms), rel=1e-12)
    layer["delta"][...] = 0
    connections.backward()
    assert (connections.delta_before == 0).all()
