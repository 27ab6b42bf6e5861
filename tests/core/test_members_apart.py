"""Members of a pack are independent: each trains bit for bit as it would alone, in any company and order."""

import dataclasses

import numpy as np
import pytest
from fitgap.core.regularizers import Dropout
from hypothesis import given
from hypothesis import strategies as st
from support.core.core_strategies import packs
from support.profiles import share_of_examples


@given(pack=packs())
def test_a_member_trains_bit_for_bit_as_it_would_alone(
    pack, draw_member, make_repeats, run_training, assert_same_member
):
    """In any company and order: this covers all numbers of all epochs, and the final parameters."""
    shape, counts, member_count, seed = pack
    rng = np.random.default_rng(seed)
    members = [draw_member(rng, len(shape.network.sizes) - 1) for _ in range(member_count)]
    examples = make_repeats(shape, counts)
    together = run_training(shape, members, examples)
    order = rng.permutation(member_count)
    reordered = run_training(shape, [members[row] for row in order], examples)
    for row, member in enumerate(members):
        alone = run_training(shape, [member], {member.repeat: examples[member.repeat]})
        assert_same_member(together, row, alone, 0)
        assert_same_member(reordered, order.tolist().index(row), alone, 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layers", [(64, 32, 10), (20, 100, 1)])
def test_packs_of_the_usual_sizes_keep_members_apart(
    layers, dtype, draw_member, make_shape, make_repeats, run_training, assert_same_member
):
    """The matrices are large enough for the blocked kernels of the linear algebra library."""
    rng, shape = np.random.default_rng(27), make_shape(layers, 32, dtype)
    members = [draw_member(rng, 2) for _ in range(12)]
    examples = make_repeats(shape, (100, 300))
    together = run_training(shape, members, examples)
    for number, member in enumerate(members):
        assert_same_member(together, number, run_training(shape, [member], examples), 0)


@share_of_examples(0.5)
@given(pack=packs(), first=st.integers(0, 2))
def test_members_that_share_their_batches_train_as_alone(
    pack, first, draw_member, make_repeats, run_training, assert_same_member
):
    """As in a sweep: every configuration has three repeats. Members that leave early break this order for the rest."""
    shape, counts, configurations, seed = pack
    rng = np.random.default_rng(seed)
    drawn = [draw_member(rng, len(shape.network.sizes) - 1) for _ in range(configurations)]
    members = [
        dataclasses.replace(member, seed=0, repeat=repeat, regularizers=dropping_no_inputs(member))
        for member in drawn
        for repeat in range(3)
    ][first:]
    examples = make_repeats(shape, counts)
    together = run_training(shape, members, examples)
    for row, member in enumerate(members):
        assert_same_member(together, row, run_training(shape, [member], examples), 0)


def dropping_no_inputs(member):
    """The member's regularizers without dropout of inputs, which would give every member its own copy of these."""
    return tuple(
        dataclasses.replace(each, scope="hidden") if isinstance(each, Dropout) else each for each in member.regularizers
    )


def test_two_runs_are_equal(draw_member, make_shape, make_repeats, run_training, assert_same_member):
    rng, shape = np.random.default_rng(28), make_shape((3, 5, 2), 4)
    members = [draw_member(rng, 2) for _ in range(8)]
    examples = make_repeats(shape, (10, 5))
    np.random.seed(1)
    one = run_training(shape, members, examples)
    np.random.seed(2)
    other = run_training(shape, members, examples)
    for number in range(8):
        assert_same_member(one, number, other, number)
