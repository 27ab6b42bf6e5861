"""Missing values, filled with statistics of the training examples."""

import numpy as np
import pytest
from fitgap.core.preprocessing import Preparation, learned_transform
from fitgap.core.scaling import FILLINGS, PREPROCESSINGS, fill_values
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.core.forty_examples import DIVISION, NAN, SPLIT, forty_examples, prepare, with_inputs


@pytest.fixture(params=sorted(PREPROCESSINGS))
def preprocess(request):
    return request.param


@pytest.fixture(params=sorted(FILLINGS))
def filling(request):
    return request.param


@pytest.fixture
def dataset():
    return forty_examples()


def test_a_missing_value_becomes_what_the_training_examples_say(dataset, filling):
    rows = [SPLIT.training[0], SPLIT.training[3], SPLIT.validation[0]]
    examples = prepare(with_inputs(dataset, rows, 1, NAN), "none", missing=filling)
    present = np.delete(dataset.inputs[SPLIT.training, 1], [0, 3])
    expected = {"mean": np.mean, "median": np.median}[filling](present)
    assert examples.inputs_transform.fill[1] == pytest.approx(expected, rel=1e-14)
    for value in (examples.training_inputs[0, 1], examples.training_inputs[3, 1], examples.validation_inputs[0, 1]):
        assert value == examples.inputs_transform.fill[1]


def test_missing_values_of_validation_examples_have_no_part_in_the_filling(dataset, preprocess, filling):
    holey = with_inputs(dataset, SPLIT.training[:4], 0, NAN)
    moved = with_inputs(holey, SPLIT.validation, slice(None), 1e6)
    before, after = (prepare(each, preprocess, missing=filling) for each in (holey, moved))
    assert np.array_equal(before.training_inputs, after.training_inputs)
    assert np.array_equal(before.inputs_transform.fill, after.inputs_transform.fill)


def test_an_input_that_no_training_example_has_becomes_zero(dataset, preprocess, filling):
    examples = prepare(with_inputs(dataset, SPLIT.training, 1, NAN), preprocess, missing=filling)
    assert examples.inputs_transform.fill[1] == 0
    assert examples.constant_columns == (1,)
    assert (examples.training_inputs[:, 1] == 0).all() and (examples.validation_inputs[:, 1] == 0).all()


@pytest.mark.parametrize("constant", [0.1, 1e9 + 0.1, -7.3])
def test_filling_does_not_make_a_constant_input_vary(dataset, preprocess, filling, constant):
    """By rounding, the mean of equal values can differ from them; this must not count as variation."""
    some = with_inputs(dataset, SPLIT.training, 1, constant)
    examples = prepare(with_inputs(some, SPLIT.training[:7], 1, NAN), preprocess, missing=filling)
    assert examples.constant_columns == (1,)
    assert (examples.training_inputs[:, 1] == 0).all() and (examples.validation_inputs[:, 1] == 0).all()


MOSTLY_NUMBERS = st.one_of(st.floats(-1e6, 1e6), st.just(NAN))


@given(st.data(), st.integers(1, 20), st.integers(1, 4), st.sampled_from(sorted(FILLINGS)))
def test_filled_inputs_are_finite_and_lie_among_those_present(data, rows, columns, filling):
    values = data.draw(arrays(float, (rows, columns), elements=MOSTLY_NUMBERS))
    fill = fill_values(values, filling)
    for column, value in zip(values.T, fill, strict=True):
        present = column[~np.isnan(column)]
        if len(present):
            assert present.min() - 1e-6 <= value <= present.max() + 1e-6
        else:
            assert value == 0
    for preprocess in PREPROCESSINGS:
        transform = learned_transform(values, Preparation(DIVISION, preprocess, "none", filling))
        assert np.isfinite(transform.apply(values)).all()


@pytest.mark.parametrize("missing", ["refuse", "drop"])
def test_nothing_is_filled_where_nothing_may_be_missing(dataset, missing):
    assert np.isnan(prepare(dataset, missing=missing).inputs_transform.fill).all()
