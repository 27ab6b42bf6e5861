"""β and γ of a pack: where they are stored, that the member's own optimizer learns them, and that they stay in their
domains.
"""

import dataclasses
import itertools

import numpy as np
import pytest
from fitgap.core.activation_parameters import (
    clip_to_domains,
    function_counts,
    layer_groups,
    learned_values,
    unit_slices,
)
from fitgap.core.activations import ACTIVATIONS, ELU, Identity, PReLU, ReLU, Sigmoid, SiLU, Softplus, Squareplus, Tanh
from fitgap.core.activations.activation import MARGIN
from fitgap.core.batches import batches
from fitgap.core.network import Networks
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import OPTIMIZERS, Adam, AdamW, GradientDescent
from fitgap.core.parameter_layout import FUNCTION_PARAMETERS, Layout
from fitgap.core.regularizers import L2
from fitgap.core.training import Pack
from hypothesis import given
from hypothesis import strategies as st
from support.sampling import every_row

LEARNABLE = {name: kind for name, kind in ACTIVATIONS.items() if "learn" in kind.parameters()}
DESCENDING = {name: kind for name, kind in OPTIMIZERS.items() if kind.descends}


def everything_of(kind):
    """The `learn` setting with which a function learns all its parameters."""
    choices = kind.parameters()["learn"].metadata["domain"].choices
    return max(choices, key=lambda choice: (choice != "nothing") + choice.count("+"))


@pytest.mark.parametrize(
    ("shares", "unit_count", "expected"),
    [
        ([1], 7, [7]),
        ([1, 1], 8, [4, 4]),
        ([1, 3], 8, [2, 6]),
        ([0.2, 0.3, 0.5], 10, [2, 3, 5]),
        ([10, 10], 1000, [500, 500]),
        ([1, 1, 1], 10, [3, 4, 3]),
    ],
)
def test_functions_share_the_units_in_proportion(shares, unit_count, expected):
    slices = unit_slices([Tanh(share=share) for share in shares], unit_count)
    assert [each.stop - each.start for each in slices] == expected


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=5), st.integers(1, 50))
def test_every_unit_has_one_function_and_no_share_is_off_by_a_unit(shares, unit_count):
    slices = unit_slices([Tanh(share=share) for share in shares], unit_count)
    assert [unit for each in slices for unit in range(unit_count)[each]] == list(range(unit_count))
    for each, share in zip(slices, shares, strict=True):
        assert abs(each.stop - each.start - unit_count * share / sum(shares)) <= 1 + 1e-9


def test_a_function_whose_share_is_no_unit_harms_nobody(make_member, make_networks):
    member = make_member((Sigmoid(share=0.01, learn="beta+gamma"), Tanh(), SiLU(share=0.01, learn="beta")), epochs=2)
    networks = make_networks((2, 3, 1), [member])
    assert [run.units for run in networks.functions[1]] == [slice(0, 0), slice(0, 3), slice(3, 3)]


def test_each_unit_computes_its_own_function(make_member, make_networks):
    """Half of the units use ReLU, a quarter SiLU with its own β, and a quarter identity."""
    member = make_member((ReLU(share=2), SiLU(beta=1.7), Identity()))
    networks = make_networks((3, 8, 1), [make_member(), member, make_member(Sigmoid())])
    runs = {type(run.function).__name__: (run.rows, run.units) for run in networks.functions[1] if run.rows.start == 1}
    assert runs == {
        "ReLU": (slice(1, 2), slice(0, 4)),
        "SiLU": (slice(1, 2), slice(4, 6)),
        "Identity": (slice(1, 2), slice(6, 8)),
    }


def test_every_function_of_every_member_is_in_one_run(draw_member):
    rng = np.random.default_rng(50)
    members = [draw_member(rng, 3) for _ in range(12)]
    layout = Layout(dense_network((4, 6, 5, 3)), function_counts(members))
    for layer in (1, 2, 3):
        covered = np.zeros((12, layout.sizes[layer]), int)
        for run in layer_groups(members, layer, layout):
            covered[run.rows, run.units] += 1
            assert set(run.columns) == set(FUNCTION_PARAMETERS) & set(run.function.parameters())
        assert (covered == 1).all()


def test_initial_values_lie_in_the_buffer_learned_or_not(draw_member):
    rng = np.random.default_rng(51)
    members = [draw_member(rng, 2) for _ in range(12)]
    networks = Networks(dense_network((4, 6, 3)), members, "float64")
    for row, member in enumerate(members):
        for layer, functions in enumerate(member.activations, start=1):
            for position, function in enumerate(functions):
                for name in set(FUNCTION_PARAMETERS) & set(function.parameters()):
                    column = networks.layout.function_parameter(layer, position, name)
                    assert networks.parameters[row, column] == getattr(function, name)


def test_learned_values_are_read_back_by_name(make_member):
    member = make_member((ReLU(), SiLU(beta=1.5, learn="beta")), Sigmoid(gamma=2.5, learn="beta+gamma"))
    networks = Networks(dense_network((4, 6, 3)), [make_member(), member], "float64")
    found = learned_values(networks.parameters[1], member, networks.layout)
    assert sorted(found.values()) == [1.0, 1.5, 2.5]
    assert len(found) == 3 and all(name.startswith(("layer_1.", "layer_2.")) for name in found)
    assert learned_values(networks.parameters[0], make_member(), networks.layout) == {}


def test_a_member_is_handed_out_as_if_it_were_alone(draw_member, make_shape, make_examples):
    """Its saved row does not depend on how many functions the other members have, and neither do its learned values."""
    rng, shape = np.random.default_rng(53), make_shape((3, 6, 5, 2))
    members = [draw_member(rng, 3) for _ in range(12)]
    examples = {repeat: make_examples(shape.network.sizes, seed=repeat) for repeat in range(3)}
    together = Pack(shape, members, examples)
    for number, member in enumerate(members):
        alone = Pack(shape, [member], examples)
        assert np.array_equal(together.parameters_of(number), alone.parameters_of(0))
        networks, saved = alone.networks, alone.parameters_of(0)
        for view, expected in zip(networks.layout.weights(saved[None]), networks.weights, strict=True):
            assert np.array_equal(view, expected)
        rest = slice(networks.layout.weight_count, None)
        assert np.array_equal(saved[rest], networks.parameters[0, rest])
        assert together.learned_by(number) == alone.learned_by(0)


@pytest.mark.parametrize("name", sorted(DESCENDING))
def test_learned_values_are_trained_by_the_members_own_optimizer(
    name, make_member, make_shape, make_examples, run_training
):
    """For each optimizer: it moves learned values as much as an equivalent weight, and never moves fixed ones.

    The equivalent weight: γ of a sigmoid of one hidden unit multiplies its output, and so does the weight after it;
    both are equal before each step.
    """
    function = Sigmoid(beta=1.3, gamma=1.0, learn="gamma")
    member = make_member(function, optimizer=DESCENDING[name](), epochs=5)
    shape = make_shape((2, 1, 1), 4)
    pack = Pack(shape, [member], {0: make_examples(shape.network.sizes)})
    layout, parameters = pack.networks.layout, pack.networks.parameters
    weight, gamma, beta = 2, layout.function_parameter(1, 0, "gamma"), layout.function_parameter(1, 0, "beta")
    parameters[0, weight] = 1
    decay = 1 - member.optimizer.rate * getattr(member.optimizer, "weight_decay", 0)
    work = pack._workspace(4)
    for _ in range(2):
        pack.networks.parameters[0, weight] = pack.networks.parameters[0, gamma]
        before = pack.networks.parameters[0].copy()
        pack.updates.set_rates(np.array([member.optimizer.rate]))
        work.load_batch(*next(batches(pack.repeats.training, pack.repeats.draw_order(epoch=1), 4)))
        pack._step(work, None)
        moved = pack.networks.parameters[0]
        assert moved[gamma] != before[gamma]
        assert moved[weight] - decay * before[weight] == pytest.approx(moved[gamma] - before[gamma], rel=1e-9)
        assert moved[beta] == 1.3


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_what_is_not_learned_never_changes(
    optimizer, make_member, draw_variant, make_shape, make_examples, run_training
):
    """With any optimizer, with penalties on everything, and next to members that do learn the value."""
    rng = np.random.default_rng(52)
    members = []
    for kind in ACTIVATIONS.values():
        fixed = {"learn": "nothing"} if "learn" in kind.parameters() else {}
        members.append(
            make_member(
                draw_variant(kind, rng, **fixed),
                regularizers=(L2(weight=0.1, biases=True),),
                optimizer=OPTIMIZERS[optimizer](),
                epochs=4,
            )
        )
        if fixed:
            learning = draw_variant(kind, rng, learn=everything_of(kind))
            members.append(make_member(learning, optimizer=OPTIMIZERS[optimizer](), epochs=4))
    examples = {0: make_examples((3, 4, 2))}
    training = run_training(make_shape((3, 4, 2), 3), members, examples)
    for number, member in enumerate(members):
        (function,) = member.activations[0]
        if not function.learned:
            names = [name for name in FUNCTION_PARAMETERS if name in function.parameters()]
            values = training.parameters[number][3 * 4 + 4 * 2 + 4 + 2 :]
            assert values.tolist() == [getattr(function, name) for name in names]


@pytest.mark.parametrize(
    ("optimizer", "learned", "dtype"),
    every_row(3, itertools.product(sorted(DESCENDING), sorted(LEARNABLE), ["float32", "float64"])),
)
def test_learned_values_stay_in_their_domains(
    optimizer, learned, dtype, make_member, make_shape, make_examples, run_training
):
    """After every epoch, with a learning rate so large that they are pushed out again and again."""
    kind = LEARNABLE[learned]
    member = make_member(
        (kind(learn=everything_of(kind)), Tanh()),
        kind(learn=everything_of(kind)),
        optimizer=DESCENDING[optimizer](rate=0.5),
        epochs=20,
    )
    shape = make_shape((3, 4, 2), 3, dtype)
    pack = Pack(shape, [member], {0: make_examples(shape.network.sizes, dtype=dtype)})
    for results in pack.run():
        values = pack.learned_by(0)
        for name, value in values.items():
            domain = kind.parameters()[name.rpartition(".")[2]].metadata["domain"]
            assert results.diverged[0] or domain.holds(value), name


@pytest.mark.parametrize(
    ("function", "name", "border"),
    [
        (Squareplus(learn="beta"), "beta", 0),
        (ELU(learn="beta"), "beta", 0),
        (Softplus(learn="beta+gamma"), "beta", MARGIN),
        (Sigmoid(learn="beta+gamma"), "gamma", MARGIN),
        (PReLU(learn="beta"), "beta", None),
        (Softplus(learn="beta+gamma"), "gamma", None),
    ],
)
def test_a_value_that_a_step_took_out_of_its_domain_is_put_back_to_its_border(function, name, border, make_member):
    """β > 0 keeps a margin of 0.001; values without a bound go wherever the step takes them."""
    networks = Networks(dense_network((2, 3, 1)), [make_member(function), make_member()], "float64")
    column = networks.layout.function_parameter(1, 0, name)
    for value in (-7.0, 0.0, 3.0):
        networks.parameters[:, column] = value
        clip_to_domains(networks.parameters, networks.learning)
        assert networks.parameters[0, column] == (value if border is None else max(value, border))
        assert networks.parameters[1, column] == value


def test_learning_helps(make_member, make_shape, run_training, make_examples):
    """A target that a learned slope can follow and a fixed one cannot: |x| of a single PReLU unit, β = −1."""
    plain = make_examples((1, 1), 40, 20)
    inputs = plain.training_inputs, plain.validation_inputs
    examples = dataclasses.replace(plain, training_targets=abs(inputs[0]), validation_targets=abs(inputs[1]))
    members = [
        make_member(output_activation=PReLU(beta=0.1, learn=learn), depth=1, optimizer=Adam(rate=0.05), epochs=300)
        for learn in ("beta", "nothing")
    ]
    training = run_training(make_shape((1, 1), 10), members, {0: examples})
    assert training.last(0, "e_v") < 1e-6 < training.last(1, "e_v")
    assert list(training.learned[0].values()) == pytest.approx([-1], abs=1e-3)
    assert training.learned[1] == {}


def test_the_gradient_of_a_shared_value_is_the_mean_over_the_batch(make_member, make_shape, make_examples):
    """Like that of a weight (correction 6): duplicating all examples does not change the step."""
    layers, steps = (2, 3, 1), []
    examples = make_examples(layers, 6)
    twice = dataclasses.replace(
        examples,
        training_inputs=np.tile(examples.training_inputs, (2, 1)),
        training_targets=np.tile(examples.training_targets, (2, 1)),
    )
    for each in (examples, twice):
        member = make_member(SiLU(learn="beta+gamma"), optimizer=GradientDescent(rate=0.5))
        pack = Pack(make_shape(layers), [member], {0: each})
        pack.run_epoch()
        steps.append(list(pack.learned_by(0).values()))
    assert steps[0] == pytest.approx(steps[1], rel=1e-12)
    assert 1 not in steps[0]


def test_adamw_shrinks_weights_and_neither_biases_nor_learned_values(make_member, make_shape, make_examples):
    """Without an error there is no gradient, so the only change is the decay."""
    layers = (2, 3, 1)
    examples = make_examples(layers)
    function, zeros = Softplus(learn="beta+gamma"), np.zeros_like(examples.training_targets)
    examples = dataclasses.replace(examples, training_targets=zeros)
    member = make_member(function, optimizer=AdamW(rate=0.1, weight_decay=0.5))
    pack = Pack(make_shape(layers), [member], {0: examples})
    layout = pack.networks.layout
    pack.networks.parameters[0, : layout.parameter_count] = np.arange(1, layout.parameter_count + 1)
    pack.networks.weights[1][:], pack.networks.biases[1][:] = 0, 0
    before = pack.networks.parameters[0].copy()
    pack.run_epoch()
    after = pack.networks.parameters[0]
    assert after[:6] == pytest.approx(0.95 * before[:6], rel=1e-14)
    assert after[layout.weight_count :].tolist() == before[layout.weight_count :].tolist()
