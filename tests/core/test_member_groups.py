"""Runs of adjacent members of one kind."""

import itertools

import numpy as np
import pytest
from fitgap.core.activations import PReLU, ReLU, Sigmoid
from fitgap.core.member_groups import group_members, stack_numbers
from fitgap.core.optimizers import Adam
from hypothesis import given
from hypothesis import strategies as st

SETTINGS = st.lists(
    st.sampled_from(
        [
            None,
            ReLU(),
            PReLU(beta=0.1),
            PReLU(beta=0.2),
            PReLU(beta=0.2, learn="beta"),
            Sigmoid(),
            Sigmoid(beta=2.0),
            Sigmoid(learn="gamma"),
        ]
    )
)


@given(SETTINGS)
def test_runs_hold_every_member_that_has_a_setting_once_and_in_order(members):
    rows = [row for run in group_members(members, "float64", 3) for row in range(len(members))[run.rows]]
    assert rows == [row for row, member in enumerate(members) if member is not None]


@given(SETTINGS)
def test_a_run_is_of_one_kind_and_as_long_as_can_be(members):
    runs = group_members(members, "float64", 3)
    for run in runs:
        assert {member.kind() for member in members[run.rows]} == {run.variant.kind()}
    for run, following in itertools.pairwise(runs):
        assert run.rows.stop < following.rows.start or run.variant.kind() != following.variant.kind()


@given(SETTINGS)
def test_numbers_of_a_run_are_those_of_its_members(members):
    for run in group_members(members, "float64", 3):
        assert tuple(run.numbers) == run.variant.number_names()
        for name, numbers in run.numbers.items():
            expected = [getattr(member, name) for member in members[run.rows]]
            assert np.broadcast_to(numbers, (len(expected), 1, 1)).ravel().tolist() == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_stacked_numbers_are_columns_in_the_dtype_of_training(dtype, dimensions):
    numbers = stack_numbers([Sigmoid(beta=0.1), Sigmoid(gamma=3.0)], dtype, dimensions)
    assert all(array.dtype == dtype for array in numbers.values())
    # β and γ differ between members; the share is the same for both, so it is stored once.
    assert [array.shape for array in numbers.values()] == [(count, 1, 1)[:dimensions] for count in (1, 2, 2)]
    assert np.array_equal(numbers["beta"].ravel(), np.array([0.1, 1.0], dtype))


def test_nobody_has_no_runs():
    assert group_members([], "float32", 3) == []
    assert group_members([None, None], "float32", 3) == []


def test_numbers_make_no_other_kind_but_words_do():
    assert Adam(rate=1.0, beta_1=0.5).kind() == Adam().kind()
    assert Adam(form="notes").kind() != Adam().kind()
    assert len(group_members([Adam(), Adam(rate=1.0), Adam(form="notes"), Adam()], "float32", 2)) == 3
