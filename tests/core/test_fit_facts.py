"""Facts about a trial from which causes of verdicts are found: properties of its error curves."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.fit_facts import Facts, percent, times


def facts(e_t, constant_e_t=None):
    """The facts of an ordinary small network with these errors."""
    return Facts(
        e_t=np.asarray(e_t, float),
        e_v=np.asarray(e_t, float),
        parameters=50,
        training_count=100,
        layers=[],
        penalties={},
        dropout=0.0,
        reference_parameters=50,
        hidden=(4,),
        functions=frozenset({"relu"}),
        constant_e_t=constant_e_t,
    )


@pytest.mark.parametrize(
    ("e_t", "constant_e_t", "expected"),
    [
        # Compared with a constant prediction: it ended at 95 % of its error or more.
        ([0.9, 0.9, 0.38], 0.4, True),
        ([0.9, 0.9, 0.379], 0.4, False),
        # Compared with its own first epoch, if there are at least two.
        ([0.4, 0.38], None, True),
        ([0.4, 0.379], None, False),
        ([0.4], None, False),
        # The lower of the two limits counts.
        ([1.0, 0.39], 0.4, True),
        ([0.4, 0.385], 1.0, True),
        ([0.4, 0.2], 1.0, False),
    ],
)
def test_a_trial_has_learned_nothing_if_its_error_is_that_of_a_constant_or_of_its_first_epoch(
    e_t, constant_e_t, expected
):
    assert facts(e_t, constant_e_t).learned_nothing is expected


@pytest.mark.parametrize(("e_t", "memorized", "well"), [(0.8, False, False), (0.79, True, False), (0.29, True, True)])
def test_examples_are_memorized_below_a_share_of_the_error_of_a_constant(e_t, memorized, well):
    assert (facts([1.0, e_t], 1.0).memorized, facts([1.0, e_t], 1.0).memorized_well) == (memorized, well)
    assert not facts([1.0, e_t]).memorized and not facts([1.0, e_t]).memorized_well


@pytest.mark.parametrize(
    ("penalties", "dropout", "expected"),
    [
        ({}, 0.0, False),
        ({}, 0.4, True),
        ({}, 0.39, False),
        ({"l1": 1e-3, "l2": 1e-2}, 0.0, True),
        ({"l2": 9e-3}, 0, False),
    ],
)
def test_a_regularizer_is_strong_from_a_size_on(penalties, dropout, expected):
    assert replace(facts([1.0]), penalties=penalties, dropout=dropout).is_strongly_regularized is expected


def test_layers_that_began_with_weights_of_zero_say_nothing_of_movement():
    still = {"rms": 0.5, "rms_start": 0.0}
    assert replace(facts([1.0]), layers=[still]).movement is None
    trial = replace(facts([1.0]), layers=[still, {"rms": 0.6, "rms_start": 0.3}])
    assert (trial.movement, trial.growth, trial.has_shrunk) == (1.0, 2.0, False)


@pytest.mark.parametrize(("ratio", "text"), [(2.345, "2.3 times"), (99, "99 times"), (100, "over 100 times")])
def test_a_ratio_is_told_with_two_digits(ratio, text):
    assert times(ratio) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.99, "99 %"), (1.0, "100 %"), (0.01, "1 %"), (0.0095, "0.9 %"), (0.00951, "1 %")],
)
def test_a_share_is_told_as_a_percentage(share, text):
    assert percent(share) == text
