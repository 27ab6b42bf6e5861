"""Networks of all kinds of layers: gradients, separation of members, resuming, and messages for shapes that do not
fit.
"""

import dataclasses

import numpy as np
import pytest
from fitgap.core.activations import PReLU, Sigmoid, Tanh
from fitgap.core.kernels import selection
from fitgap.core.layers import LAYERS, Convolution, GlobalAveragePooling, MaximumPooling, Normalization, Residual
from fitgap.core.layers.dense import Dense
from fitgap.core.losses import HalfSquaredError
from fitgap.core.model import Model, model_layers
from fitgap.core.network import Networks
from fitgap.core.network_shape import NetworkShape
from fitgap.core.parameter_layout import Layout
from fitgap.core.regularizers import L2, Dropout
from fitgap.core.scaling import NO_SCALING, NO_TRANSFORM
from fitgap.core.target_coding import Numbers
from fitgap.core.variants import REQUIRED
from fitgap.core.workspace import Workspace
from hypothesis import given
from hypothesis import strategies as st
from support.core.layered import RECURRENT, drawn_examples, fitted_to, layered_networks, layered_packs, untruncated
from support.core.trainings import assert_same_epochs, same
from support.profiles import share_of_examples

EXAMPLES = 3


def smooth_members(make_member, network):
    """Two members with smooth functions in their layers with units; one has learned parameters and a mixture."""
    functions = [(Tanh(),), (Sigmoid(beta=1.3, gamma=0.7, learn="beta+gamma"), PReLU(beta=0.3))]
    return [fitted_to(make_member(activations=(each,) * len(network.layers)), network) for each in functions]


def drawn_workspace(networks, seed=3):
    rng = np.random.default_rng(seed)
    work = Workspace(len(networks.parameters), EXAMPLES, networks.layout, "float64")
    work.inputs[...] = rng.normal(size=work.inputs.shape)
    work.targets[...] = rng.uniform(size=work.targets.shape)
    return work


def summed_errors(networks, moved=0.0):
    work = drawn_workspace(networks)
    work.inputs[...] += moved
    networks.evaluate_for_training(work, None)
    return HalfSquaredError().errors(work.outputs, work.targets).sum(axis=1), work


@share_of_examples(0.5)
@given(network=layered_networks())
def test_gradients_are_those_of_finite_differences(network, make_member):
    """With respect to every parameter, for two members with different functions at once."""
    network = untruncated(network)
    networks = Networks(network, smooth_members(make_member, network), "float64")
    count = networks.layout.parameter_count
    networks.parameters[:, :count] = np.random.default_rng(4).normal(scale=0.5, size=(2, count))
    _, work = summed_errors(networks)
    HalfSquaredError().gradient(work.outputs, work.targets, out=work.deltas[-1])
    networks.gradient[:, :count] = np.nan
    networks.backpropagate(work)
    columns = np.flatnonzero(networks.gradient.any(axis=0) | (np.arange(networks.gradient.shape[1]) < count))
    for column in columns[:: max(1, len(columns) // 25)]:
        expected = differences(networks, column)
        np.testing.assert_allclose(networks.gradient[:, column], expected, rtol=1e-5, atol=1e-7)


def differences(networks, column, step=1e-5):
    """The central difference (K,) with respect to one column of the parameters."""
    before = networks.parameters[:, column].copy()
    errors = []
    for sign in (1, -1):
        networks.parameters[:, column] = before + sign * step
        errors.append(summed_errors(networks)[0])
    networks.parameters[:, column] = before
    return (errors[0] - errors[1]) / (2 * step)


@pytest.mark.parametrize(
    ("name", "axes"),
    [(name, axes) for name in LAYERS for axes in [(6, 3), (5, 6, 3)] if len(axes) == 2 or name not in RECURRENT],
)
def test_every_layer_of_the_table_passes_back_its_derivative(name, axes, make_member):
    """The layer follows a convolution, whose gradients show whether it passes back the right derivative."""
    kind = LAYERS[name]
    required = {key: 1 if name == "res" else 2 for key, field in kind.parameters().items() if field.default is REQUIRED}
    network = NetworkShape(axes, (Convolution(3, 2, padding="same"), kind(**required), Dense(2)))
    networks = Networks(network, smooth_members(make_member, network), "float64")
    _, work = summed_errors(networks)
    HalfSquaredError().gradient(work.outputs, work.targets, out=work.deltas[-1])
    networks.backpropagate(work)
    first = networks.layout.weight_columns()[0]
    for column in range(first.start, first.stop):
        np.testing.assert_allclose(networks.gradient[:, column], differences(networks, column), rtol=1e-6, atol=1e-9)


@given(pack=layered_packs())
def test_members_train_bit_for_bit_as_alone(pack, draw_member, run_training, assert_same_member):
    shape, counts, member_count, seed = pack
    rng = np.random.default_rng(seed)
    members = [fitted_to(draw_member(rng, len(shape.network.layers)), shape.network) for _ in range(member_count)]
    examples = {repeat: drawn_examples(shape, counts, repeat) for repeat in range(3)}
    together = run_training(shape, members, examples)
    for row, member in enumerate(members):
        alone = run_training(shape, [member], {member.repeat: examples[member.repeat]})
        assert_same_member(together, row, alone, 0)


@share_of_examples(0.5)
@given(pack=layered_packs())
def test_members_that_share_their_inputs_train_as_alone(pack, draw_member, run_training, assert_same_member):
    """Every configuration has three repeats and no dropout of inputs, so windows are gathered once per repeat."""
    shape, counts, configurations, seed = pack
    rng = np.random.default_rng(seed)
    drawn = [fitted_to(draw_member(rng, len(shape.network.layers)), shape.network) for _ in range(configurations)]
    members = [
        dataclasses.replace(each, seed=0, repeat=repeat, regularizers=(L2(weight=0.01), Dropout(0.3, "hidden")))
        for each in drawn
        for repeat in range(3)
    ]
    examples = {repeat: drawn_examples(shape, counts, repeat) for repeat in range(3)}
    together = run_training(shape, members, examples)
    for row, member in enumerate(members):
        assert_same_member(together, row, run_training(shape, [member], examples), 0)


@share_of_examples(0.5)
@given(pack=layered_packs(), until=st.integers(1, 3))
def test_members_go_on_from_their_states(pack, until, draw_member, run_training):
    shape, counts, member_count, seed = pack
    rng = np.random.default_rng(seed)
    drawn = [fitted_to(draw_member(rng, len(shape.network.layers)), shape.network) for _ in range(member_count)]
    members = [dataclasses.replace(member, epochs=member.epochs + 1) for member in drawn]
    examples = {repeat: drawn_examples(shape, counts, repeat) for repeat in range(3)}
    whole = run_training(shape, members, examples)
    before = run_training(shape, members, examples, until=until)
    for number, state in before.states.items():
        after = run_training(shape, [members[number]], examples, [state])
        assert_same_epochs(before.epochs[number] + after.epochs[0], whole.epochs[number])
        assert same(after.parameters[0], whole.parameters[number])


@share_of_examples(0.3)
@given(pack=layered_packs())
def test_compiled_passes_change_no_bit(pack, draw_member, run_training, assert_same_member):
    shape, counts, member_count, seed = pack
    rng = np.random.default_rng(seed)
    members = [fitted_to(draw_member(rng, len(shape.network.layers)), shape.network) for _ in range(member_count)]
    examples = {repeat: drawn_examples(shape, counts, repeat) for repeat in range(3)}
    found, choice = [], selection.kernels.choice
    try:
        for each in (selection.NUMPY, selection.COMPILED):
            selection.kernels.choice = each
            found.append(run_training(shape, members, examples))
    finally:
        selection.kernels.choice = choice
    for number in range(member_count):
        assert_same_member(found[0], number, found[1], number)


@share_of_examples(0.5)
@given(network=layered_networks(), seed=st.integers(0, 2**32))
def test_a_model_predicts_what_its_network_computes(network, seed, draw_member):
    rng = np.random.default_rng(seed)
    member = fitted_to(draw_member(rng, len(network.layers)), network)
    networks = Networks(network, [member], "float64")
    work = drawn_workspace(networks)
    networks.evaluate(work)
    row = networks.parameters[0][networks.layout.columns_as_saved()]
    saved = np.concatenate([row, networks.parameters[0][len(row) :]])
    model = Model(
        model_layers(saved, member, networks.layout), NO_TRANSFORM, NO_SCALING, HalfSquaredError(), Numbers(), 0
    )
    np.testing.assert_allclose(model.outputs(work.inputs[0]), work.outputs[0], rtol=1e-10, atol=1e-12)


def test_first_blocks_of_weights_come_first():
    """The layout of a saved row: all weights, then all biases."""
    network = NetworkShape((4, 4, 1), (Convolution(3, 3), MaximumPooling(2), Dense(2)))
    layout = Layout(network, (1, 0, 1))
    assert layout.weight_columns() == [slice(0, 27), slice(27, 33)]
    assert layout.parameter_count == 27 + 6 + 3 + 2
    assert [view.shape for view in layout.weights(np.zeros((1, layout.row_length)))] == [(1, 3, 9), (1, 2, 3)]


@pytest.mark.parametrize(
    ("axes", "layers", "words"),
    [
        ((8, 8, 1), (Convolution(8, 3), MaximumPooling(7)), ["layer 2", "pool7", "6x6x8"]),
        ((8, 8, 1), (Dense(5), Convolution(8, 3)), ["layer 2", "conv8x3", "height, width, channels", "5"]),
        ((64,), (GlobalAveragePooling(),), ["layer 1", "globalpool", "64"]),
        ((3, 2), (Convolution(4, 5),), ["layer 1", "conv4x5", "3x2"]),
        ((3, 1), (Normalization(),), ["layer 1 (norm)", "at least 2 channels", "gets 1"]),
        ((8, 8, 1), (Convolution(3, 3), Dense(5), Residual(2)), ["layer 3 (res2)", "same shape", "8x8x1", "outputs 5"]),
        ((4,), (Dense(4), Residual(2)), ["layer 2 (res2)", "the 2 layers before it", "only 1"]),
    ],
)
def test_a_shape_that_does_not_fit_names_the_layer(axes, layers, words):
    with pytest.raises(ValueError, match="layer") as error:
        _ = NetworkShape(axes, layers).shapes
    assert all(word in str(error.value) for word in words)
