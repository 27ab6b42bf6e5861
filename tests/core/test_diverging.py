"""Members that diverge: they end at the first epoch with an infinite or NaN error, without any effect on the others."""

import dataclasses
import itertools

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS, Identity
from fitgap.core.optimizers import OPTIMIZERS, GradientDescent
from fitgap.core.parameter_layout import FUNCTION_PARAMETERS
from fitgap.core.preprocessing import Examples
from fitgap.core.schedules import Constant
from hypothesis import example, given
from hypothesis import strategies as st
from support.core.core_strategies import packs
from support.core.trainings import at_rate
from support.profiles import share_of_examples
from support.sampling import at_night


def near_one(kind, rng):
    """β and γ of an activation function that never make a network diverge."""
    return {name: rng.uniform(0.5, 1) for name in FUNCTION_PARAMETERS if name in kind.parameters()}


def is_finite(epoch):
    """Whether both errors of an epoch are finite."""
    return np.isfinite([epoch["e_t"], epoch["e_v"]]).all()


@pytest.fixture(scope="session")
def draw_calm(draw_member, draw_variant):
    """`draw_calm(rng, depth)`: a member of any kind that certainly does not diverge."""

    def draw(rng, depth):
        member = draw_member(rng, depth)
        layers = [
            tuple(draw_variant(type(function), rng, **near_one(type(function), rng)) for function in functions)
            for functions in member.activations
        ]
        return dataclasses.replace(member, activations=tuple(layers), optimizer=at_rate(type(member.optimizer), 0.01))

    return draw


def drawn_to_diverge(member, rng):
    """The member with functions and an optimizer that certainly make it diverge, sooner or later."""
    steep = GradientDescent(rate=10 ** rng.uniform(0.7, 20))
    identities = tuple((Identity(),) for _ in member.activations)
    return dataclasses.replace(
        member, activations=identities, optimizer=steep, schedule=Constant(), regularizers=(), stopping=(), epochs=400
    )


@pytest.mark.parametrize("dtype", ["float32", at_night("float64")])
@share_of_examples(0.05, nightly=0.1)
@given(diverging_count=st.integers(1, 63), seed=st.integers(0, 2**32))
@example(diverging_count=1, seed=0)
@example(diverging_count=63, seed=0)
def test_of_64_members_up_to_63_diverge_and_each_trains_as_it_would_alone(
    diverging_count, seed, dtype, draw_member, draw_calm, make_shape, make_repeats, run_training, assert_same_member
):
    """Early or late: a member that diverges keeps its earlier epochs, and leaves the pack at its first bad epoch."""
    rng, shape = np.random.default_rng(seed), make_shape((3, 5, 2), 4, dtype)
    examples = make_repeats(shape, (10, 6))
    diverging = set(rng.permutation(64)[:diverging_count].tolist())
    members = [
        drawn_to_diverge(draw_member(rng, 2), rng) if number in diverging else draw_calm(rng, 2) for number in range(64)
    ]
    training = run_training(shape, members, examples)
    for number, member in enumerate(members):
        assert_same_member(training, number, run_training(shape, [member], examples), 0)
        *before, last = training.epochs[number]
        assert all(is_finite(epoch) and not epoch["diverged"] for epoch in before)
        assert last["diverged"] == (not is_finite(last)) == (number in diverging)


@share_of_examples(0.2)
@given(pack=packs(), data=st.data())
def test_whoever_diverges_the_others_train_bit_for_bit(
    pack, data, draw_member, make_repeats, run_training, assert_same_member
):
    """Any k of n members diverge; the others have the same numbers as in a pack without divergence."""
    shape, counts, member_count, seed = pack
    rng = np.random.default_rng(seed)
    calm = [draw_member(rng, len(shape.network.sizes) - 1) for _ in range(member_count)]
    wild = data.draw(st.sets(st.integers(0, member_count - 1), min_size=1))
    identities = tuple((Identity(),) for _ in shape.network.sizes[1:])
    optimizer = GradientDescent(rate=1e30)
    members = [
        dataclasses.replace(member, activations=identities, optimizer=optimizer, epochs=4) if row in wild else member
        for row, member in enumerate(calm)
    ]
    examples = make_repeats(shape, counts)
    expected, training = (run_training(shape, each, examples) for each in (calm, members))
    for row in set(range(member_count)) - wild:
        assert_same_member(training, row, expected, row)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("diverging", [(0,), (1, 2), (0, 3, 5), (0, 1, 2, 3, 4)])
def test_members_that_diverge_leave_the_others_bit_for_bit(
    diverging, dtype, draw_variant, make_member, make_shape, make_examples, run_training, assert_same_member
):
    """They are marked at the first epoch whose error is not finite, and have no later epochs."""
    rng, shape = np.random.default_rng(30), make_shape((3, 6, 2), 4, dtype)
    plain = [
        make_member(draw_variant(kind, rng, **near_one(kind, rng)), optimizer=at_rate(optimizer, 0.01), epochs=6)
        for kind, optimizer in zip(ACTIVATIONS.values(), itertools.cycle(OPTIMIZERS.values()), strict=False)
    ]
    wild = [
        make_member(Identity(), optimizer=GradientDescent(rate=1e6), epochs=6) if number in diverging else member
        for number, member in enumerate(plain)
    ]
    examples = {0: make_examples(shape.network.sizes, 30, dtype=dtype)}
    calm, training = run_training(shape, plain, examples), run_training(shape, wild, examples)
    for number in range(len(plain)):
        if number not in diverging:
            assert len(training.epochs[number]) == 6
            assert_same_member(training, number, calm, number)
        else:
            *before, last = training.epochs[number]
            assert last["diverged"] and not (np.isfinite(last["e_t"]) and np.isfinite(last["e_v"]))
            assert all(not each["diverged"] and np.isfinite([each["e_t"], each["e_v"]]).all() for each in before)


def test_a_member_diverges_as_well_by_its_validation_error_alone(make_member, make_shape, run_training):
    """An extreme validation example makes the outputs overflow, while the training examples cause no problem."""
    ordinary, far = np.array([[1.0], [2.0]]), np.array([[1e200]])
    examples = Examples(ordinary, ordinary, far, np.array([[0.0]]), ())
    training = run_training(make_shape((1, 1)), [make_member(depth=1, epochs=3)], {0: examples})
    (only,) = training.epochs[0]
    assert only["diverged"] and np.isfinite(only["e_t"]) and only["e_v"] == np.inf
