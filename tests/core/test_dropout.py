"""Which units are dropped, which random numbers decide it, and what dropping does to a network."""

import numpy as np
import pytest
from fitgap.core.activations import Identity, Sigmoid, Tanh
from fitgap.core.dropout import DropoutMasks, UniformFloats, dropout_of
from fitgap.core.kernels.selection import kernels
from fitgap.core.network_shape import dense_network
from fitgap.core.parameter_layout import Layout
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import L1, L2, Dropout
from fitgap.core.workspace import Workspace

LAYERS = (40, 30, 3)
EXAMPLES = 50


@pytest.fixture
def masks_of(both_kernels):
    """`masks_of(members, epoch)`: r⁽⁰⁾ and r⁽¹⁾ of two batches, one array (K, B, n) each."""

    def masks(members, epoch=1, dtype="float64"):
        layout, drawn = Layout(dense_network(LAYERS)), []
        source = DropoutMasks(members, epoch, dtype)
        for _ in range(2):
            work = Workspace(len(members), EXAMPLES, layout, dtype)
            for layer in (0, 1):
                work.activations[layer].fill(1)
                work.slopes[layer].fill(1)
                work.partial(layer, "beta").fill(1)
                source.apply(work, layer)
                drawn.append(work.activations[layer])
            assert np.array_equal(work.slopes[1], work.activations[1])
            assert np.array_equal(work.partials[1]["beta"], work.activations[1])
        return drawn

    return masks


@pytest.fixture(params=["numpy", "compiled"])
def both_kernels(request, monkeypatch):
    """Once with NumPy and once with compiled passes."""
    monkeypatch.setattr(kernels, "choice", request.param)


@pytest.fixture
def dropping(make_member):
    """`dropping(ratio, **changes)`: a member that drops units."""

    def make(ratio, scope="network", **changes):
        return make_member(regularizers=(Dropout(ratio=ratio, scope=scope),), **changes)

    return make


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mean_of_the_mask_is_one(masks_of, dropping, ratio, dtype):
    for mask in masks_of([dropping(ratio)], dtype=dtype):
        assert np.unique(mask) == pytest.approx([0, 1 / (1 - ratio)])
        deviation = np.sqrt(ratio / (1 - ratio) / mask.size)
        assert mask.mean() == pytest.approx(1, abs=4 * deviation)


def test_equal_seed_repeat_and_epoch_give_equal_masks(masks_of, dropping):
    """Whatever the member's other settings, and however many other members are in its pack."""
    mine = dropping(0.3, seed=1, repeat=2)
    other = dropping(0.3, seed=1, repeat=2, activation=Sigmoid(), output_activation=Tanh(), epochs=7)
    assert equal(masks_of([mine]), masks_of([mine]))
    assert equal(masks_of([mine]), masks_of([other]))
    together = masks_of([dropping(0.5, seed=4), mine, dropping(0.1, repeat=3)])
    assert equal(masks_of([mine]), [mask[1:2] for mask in together])


def test_another_seed_repeat_epoch_layer_or_batch_gives_other_masks(masks_of, dropping):
    drawn = [
        masks_of([dropping(0.5, seed=seed, repeat=repeat)], epoch)
        for seed in (0, 1)
        for repeat in (0, 1)
        for epoch in (1, 2)
    ]
    corners = [mask[0, :, :30].tobytes() for masks in drawn for mask in masks]
    assert len(set(corners)) == len(corners)


def test_examples_drop_different_units(masks_of, dropping):
    assert len({row.tobytes() for row in masks_of([dropping(0.5)])[0][0]}) == EXAMPLES


def test_members_of_a_repeat_drop_alike_as_far_as_their_ratios_go(masks_of, dropping):
    for mask in masks_of([dropping(0.2), dropping(0.5)]):
        assert (mask[1][mask[0] == 0] == 0).all()


def test_members_without_dropout_keep_every_unit(masks_of, dropping, make_member):
    for mask in masks_of([make_member(), dropping(0.5), make_member(), dropping(0.0)]):
        assert (mask[[0, 2, 3]] == 1).all()
        assert (mask[1] != 1).all()


@pytest.mark.parametrize(
    ("scope", "dropped"), [("network", (True, True)), ("input", (True, False)), ("hidden", (False, True))]
)
def test_a_scope_drops_inputs_or_hidden_units_alone(masks_of, dropping, scope, dropped):
    """It drops the same units as the whole network would: every draw has its place, whether or not it is used."""
    everywhere, here = masks_of([dropping(0.4)]), masks_of([dropping(0.4, scope)])
    for number, (mask, reference) in enumerate(zip(here, everywhere, strict=True)):
        assert np.array_equal(mask, reference if dropped[number % 2] else np.ones_like(mask))


def test_members_of_other_scopes_do_not_disturb_each_other(masks_of, dropping):
    members = [dropping(0.4, scope) for scope in ("hidden", "network", "input", "hidden")]
    together = masks_of(members)
    for row, member in enumerate(members):
        assert equal(masks_of([member]), [mask[row : row + 1] for mask in together])


def test_every_scope_is_told_of_every_layer():
    """For each scope: it reaches some layer, and the whole network reaches all."""
    scopes = Dropout.parameters()["scope"].metadata["domain"].choices
    reached = {
        scope: {layer for layer in range(4) if Dropout(ratio=0.5, scope=scope).reaches(layer)} for scope in scopes
    }
    assert reached == {"network": {0, 1, 2, 3}, "input": {0}, "hidden": {1, 2, 3}}


def test_dropout_is_found_among_the_regularizers(make_member):
    assert dropout_of(make_member()) is None
    assert dropout_of(make_member(regularizers=(L1(weight=0.1),))) is None
    assert dropout_of(make_member(regularizers=(L2(weight=0.1), Dropout(ratio=0.2)))) == Dropout(ratio=0.2)


@pytest.fixture
def evaluated(make_networks):
    """`evaluated(member)`: a member's network, and a workspace with its evaluation in training and its masks."""

    def evaluate(member):
        networks = make_networks((5, 8, 3), [member])
        work = Workspace(1, 200, networks.layout, "float64")
        inputs = np.random.default_rng(17).normal(size=(1, 200, 5))
        np.copyto(work.inputs, inputs)
        networks.evaluate_for_training(work, DropoutMasks([member], 1, "float64"))
        return networks, work, inputs

    return evaluate


def test_inputs_are_dropped_or_scaled_once(evaluated, dropping):
    _, work, inputs = evaluated(dropping(0.5))
    kept = work.inputs != 0
    assert 0.4 < kept.mean() < 0.6
    np.testing.assert_allclose(work.inputs[kept], 2 * inputs[kept])


@pytest.mark.parametrize("activation", [Identity(), Sigmoid(), Tanh()], ids=lambda each: type(each).__name__)
def test_hidden_units_are_scaled_once_outside_their_function(evaluated, dropping, smooth_functions, activation):
    """Correction 9: a = r ⊙ f(W a) and d = r ⊙ f′(W a) ⊙ …; as printed, r is inside f as well."""
    networks, work, _ = evaluated(dropping(0.5, activation=activation))
    f, derivative = smooth_functions[type(activation)]
    s = work.inputs @ networks.weights[0].transpose(0, 2, 1) + networks.biases[0]
    kept = work.activations[1] != 0
    assert 0.4 < kept.mean() < 0.6
    np.testing.assert_allclose(work.activations[1][kept], 2 * f(s[kept]), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(work.slopes[1], np.where(kept, 2 * derivative(s), 0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("output", [Identity(), Tanh()], ids=lambda each: type(each).__name__)
def test_outputs_are_never_dropped(evaluated, dropping, smooth_functions, output):
    """Correction 8: as printed, outputs are multiplied by r, which may be 0. An identity has no stored slopes."""
    networks, work, _ = evaluated(dropping(0.9, activations=((Tanh(),), (output,))))
    s = work.activations[1] @ networks.weights[1].transpose(0, 2, 1) + networks.biases[1]
    f, derivative = smooth_functions[type(output)]
    np.testing.assert_allclose(work.outputs, f(s), rtol=1e-12)
    if isinstance(output, Tanh):
        np.testing.assert_allclose(work.slopes[2], derivative(s), rtol=1e-9, atol=1e-12)


def test_training_with_a_ratio_of_zero_is_training_without(
    dropping, make_member, make_shape, make_examples, run_training, assert_same_member
):
    layers = (4, 5, 2)
    training = run_training(
        make_shape(layers, 3), [make_member(epochs=3), dropping(0.0, epochs=3)], {0: make_examples(layers)}
    )
    assert_same_member(training, 0, training, 1)


def test_errors_are_measured_with_every_unit(
    dropping, make_member, make_shape, make_examples, run_training, standing_still
):
    """E_t and E_v ignore dropout; the running mean over the epoch does not."""
    layers, optimizer = (4, 5, 2), standing_still()
    members = [dropping(0.6, optimizer=optimizer), make_member(optimizer=optimizer)]
    training = run_training(make_shape(layers, 3), members, {0: make_examples(layers, 40)})
    assert training.last(0, "e_t_running") != pytest.approx(training.last(1, "e_t_running"))
    for name in ("e_t", "e_v", "se_t", "se_v"):
        assert training.last(0, name) == training.last(1, name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_draws_are_those_of_numpy_whatever_their_number(dtype):
    """Even for an odd number of draws, although each draw takes only half of 64 bits."""
    ours, theirs = UniformFloats(generator(3, 1, Purpose.DROPOUT, 2)), generator(3, 1, Purpose.DROPOUT, 2)
    for shape in [(32, 64), (29, 3), (1, 1), (3, 3), (1, 3), (2, 2), (1, 1), (29, 16)] * 2:
        drawn = np.empty(shape, dtype)
        ours.draw(drawn)
        assert np.array_equal(drawn, theirs.random(shape, np.float32))


def test_members_of_one_repeat_and_ratio_share_their_mask_in_any_order(masks_of, dropping):
    """In order, out of order, and with other members in between that drop nothing."""
    some = [dropping(ratio, repeat=repeat) for repeat in (1, 2) for ratio in (0.2, 0.5)]
    alone = [masks_of([member]) for member in some]
    for order in ([0, 1, 2, 3, 0, 1, 2, 3], [3, 1, 1, 0], [2], [0, 1]):
        together = masks_of([some[number] for number in order])
        for layer, masks in enumerate(together):
            assert np.array_equal(masks, np.concatenate([alone[number][layer] for number in order]))
