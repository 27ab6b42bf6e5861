"""Predictions: values that are missing or too large for the network."""

import dataclasses

import numpy as np
import pytest
from fitgap.runner.errors import DataError
from fitgap.runner.models.predictions import predictions
from fitgap.runner.models.trial_models import model_of_trial

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("models")


def test_missing_values_are_refused_where_none_was_filled(trained):
    store, prepared = trained("softmax")
    inputs = prepared.dataset.inputs.copy()
    inputs[4, 1] = np.nan
    with pytest.raises(DataError, match="a value is missing, but this network was trained without filling"):
        predictions(model_of_trial(store, 1, at="best"), inputs)


@pytest.mark.parametrize("limited", [True, False])
def test_what_is_too_large_for_the_network_has_no_answer_unless_it_is_limited(trained, limited):
    store, prepared = trained("filled")
    inputs = prepared.dataset.inputs[:3].copy()
    inputs[1] = 1e300
    named = model_of_trial(store, 1, at="best")
    if not limited:
        transform = dataclasses.replace(named.model.inputs_transform, low=None, high=None)
        named = dataclasses.replace(named, model=dataclasses.replace(named.model, inputs_transform=transform))
    first, second, third = (row["price"] for row in predictions(named, inputs))
    assert isinstance(second, float) == limited and isinstance(first, float) and isinstance(third, float)
