"""Runs of neighbouring members of one kind."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.activations import PReLU, ReLU, Sigmoid
from core.groups import kind_name, runs_of, stack_numbers

SETTINGS = st.lists(st.sampled_from([None, ReLU(), PReLU(beta=0.1), PReLU(beta=0.2), Sigmoid(), Sigmoid(beta=2.0)]))


@settings(max_examples=60, deadline=None, database=None)
@given(SETTINGS)
def test_runs_hold_every_member_that_has_a_setting_once_and_in_order(members):
    rows = [row for run in runs_of(members, "float64", 3) for row in range(len(members))[run.rows]]
    assert rows == [row for row, member in enumerate(members) if member is not None]


@settings(max_examples=60, deadline=None, database=None)
@given(SETTINGS)
def test_a_run_is_of_one_kind_and_as_long_as_can_be(members):
    runs = runs_of(members, "float64", 3)
    for run in runs:
        assert {type(member) for member in members[run.rows]} == {run.kind}
    for run, following in itertools.pairwise(runs):
        assert run.rows.stop < following.rows.start or run.kind is not following.kind


@settings(max_examples=60, deadline=None, database=None)
@given(SETTINGS)
def test_numbers_of_a_run_are_those_of_its_members(members):
    for run in runs_of(members, "float64", 3):
        assert list(run.numbers) == list(run.kind.parameters())
        for name, numbers in run.numbers.items():
            assert numbers[:, 0, 0].tolist() == [getattr(member, name) for member in members[run.rows]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_stacked_numbers_are_columns_in_the_dtype_of_training(dtype, dimensions):
    numbers = stack_numbers([Sigmoid(beta=0.1), Sigmoid(gamma=3.0)], dtype, dimensions)
    assert all(array.dtype == dtype and array.shape == (2, 1, 1)[:dimensions] for array in numbers.values())
    assert np.array_equal(numbers["beta"].ravel(), np.array([0.1, 1.0], dtype))


def test_nobody_has_no_runs():
    assert runs_of([], "float32", 3) == []
    assert runs_of([None, None], "float32", 3) == []


def test_sorting_by_kind_name_makes_equal_kinds_neighbours():
    members = [ReLU(), None, PReLU(), ReLU(), None, PReLU(beta=0.3)]
    ordered = sorted(members, key=kind_name)
    assert len(runs_of(ordered, "float32", 3)) == 2
    assert ordered[:2] == [None, None]
