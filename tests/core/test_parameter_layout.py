"""The layout of parameters in the buffer."""

import itertools

import numpy as np
from fitgap.core.network_shape import dense_network
from fitgap.core.parameter_layout import FUNCTION_PARAMETERS, ROW_ALIGNMENT, Layout
from fitgap.core.regularizers import Penalty
from hypothesis import given
from hypothesis import strategies as st

LAYERS = st.lists(st.integers(1, 9), min_size=2, max_size=5).map(tuple)


@given(LAYERS, st.integers(1, 3))
def test_views_share_out_the_buffer_and_leave_the_padding(layers, members):
    """Every parameter has one place, with weights in the leading columns; the rest is padding."""
    layout = Layout(dense_network(layers))
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
    layout = Layout(dense_network(layers))
    pairs = list(itertools.pairwise(layers))
    assert layout.depth == len(layers) - 1
    assert [(block.inputs, block.outputs) for block in layout.blocks] == pairs
    assert layout.parameter_count == sum((inputs + 1) * outputs for inputs, outputs in pairs)
    assert layout.row_length % ROW_ALIGNMENT == 0
    assert 0 <= layout.row_length - layout.parameter_count < ROW_ALIGNMENT


def test_shapes_of_the_views():
    layout, buffer = Layout(dense_network((4, 3, 2))), np.zeros((5, 32))
    assert layout.row_length == 32
    assert [view.shape for view in layout.weights(buffer)] == [(5, 3, 4), (5, 2, 3)]
    assert [view.shape for view in layout.biases(buffer)] == [(5, 1, 3), (5, 1, 2)]


@given(LAYERS, st.data())
def test_every_function_parameter_has_a_column_of_its_own_after_the_biases(layers, data):
    counts = tuple(data.draw(st.integers(1, 3)) for _ in layers[1:])
    layout = Layout(dense_network(layers), counts)
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
    layout = Layout(dense_network(layers))
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
    """For each scope: none is handled as another one."""
    scopes = Penalty.parameters()["scope"].metadata["domain"].choices
    found = {str(Layout(dense_network((4, 3, 2))).penalty_columns(scope, True)) for scope in scopes}
    assert len(found) == len(scopes)


@given(LAYERS, st.integers(1, 3))
def test_weights_in_training_are_those_that_are_saved(layers, members):
    """Every weight has a different column in training; those of the first layer are stored transposed."""
    layout = Layout(dense_network(layers))
    buffer = np.random.default_rng(6).normal(size=(members, layout.row_length))
    saved = buffer[:, layout.columns_as_saved()]
    training = [*layout.weights_in_training(buffer), *layout.biases(buffer)]
    for view, expected in zip(training, [*layout.weights(saved), *layout.biases(saved)], strict=True):
        assert np.shares_memory(view, buffer)
        assert np.array_equal(view, expected)
    first = layout.weights_in_training(buffer)[0]
    assert np.array_equal(first.mT.reshape(members, -1), buffer[:, : first[0].size])
