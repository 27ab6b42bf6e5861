"""Where parameters lie in the buffer, and what a layer computes."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.layers import FUNCTION_PARAMETERS, ROW_ALIGNMENT, Layout, add_up_gradient, pass_back, weigh
from core.regularizers import Penalty

LAYERS = st.lists(st.integers(1, 9), min_size=2, max_size=5).map(tuple)


@settings(max_examples=60, deadline=None, database=None)
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


@settings(max_examples=60, deadline=None, database=None)
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


@settings(max_examples=60, deadline=None, database=None)
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


@settings(max_examples=60, deadline=None, database=None)
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


@pytest.fixture
def layer():
    """Two members, three examples, four inputs, two outputs."""
    rng = np.random.default_rng(7)
    shapes = {"inputs": (2, 3, 4), "weights": (2, 2, 4), "bias": (2, 1, 2), "delta": (2, 3, 2)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def test_weigh_sums_each_input_once_and_adds_the_bias_once(layer):
    """Corrections 1 and 5: n inputs and n weights, and a bias unit that is the constant 1."""
    out = np.empty((2, 3, 2))
    weigh(layer["inputs"], layer["weights"], layer["bias"], out)
    for member, example, unit in np.ndindex(out.shape):
        terms = [layer["inputs"][member, example, i] * layer["weights"][member, unit, i] for i in range(4)]
        assert out[member, example, unit] == pytest.approx(sum(terms) + layer["bias"][member, 0, unit], rel=1e-12)


def test_gradient_is_summed_over_the_examples(layer):
    weights_gradient, bias_gradient = np.empty((2, 2, 4)), np.empty((2, 1, 2))
    ones = np.ones((1, layer["delta"].shape[1]))
    add_up_gradient(layer["delta"], layer["inputs"], ones, weights_gradient, bias_gradient)
    for member, unit, i in np.ndindex(weights_gradient.shape):
        terms = [layer["delta"][member, example, unit] * layer["inputs"][member, example, i] for example in range(3)]
        assert weights_gradient[member, unit, i] == pytest.approx(sum(terms), rel=1e-12)
        delta_sum = sum(layer["delta"][member, example, unit] for example in range(3))
        assert bias_gradient[member, 0, unit] == pytest.approx(delta_sum, rel=1e-12)


def test_nothing_flows_back_out_of_the_bias_unit(layer):
    """Correction 4: the sum starts at 1; started at 0 it adds a spurious 1 to every hidden delta."""
    out = np.empty((2, 3, 4))
    pass_back(layer["delta"], layer["weights"], out)
    for member, example, i in np.ndindex(out.shape):
        terms = [layer["delta"][member, example, unit] * layer["weights"][member, unit, i] for unit in range(2)]
        assert out[member, example, i] == pytest.approx(sum(terms), rel=1e-12)
    pass_back(np.zeros((2, 3, 2)), layer["weights"], out)
    assert (out == 0).all()
