"""The answer of a study begins with what it was trained on."""

import pytest
from fitgap.runner.studies import STUDIES, StudyRequest, planned_study
from fitgap.runner.studies.conditions import conditions


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "double-descent",
            "Trained on digits, 200 training examples, 20 % of the training labels replaced: 6 repeats, 200 epochs, "
            "batches of 25. The error is half_squared_error.",
        ),
        (
            "batch-size",
            # Batch sizes differ between the trials of this study.
            "Trained on wine: 8 repeats, 31 epochs. The error is half_squared_error.",
        ),
    ],
)
def test_what_all_trials_have_in_common_is_said(name, words):
    study = STUDIES[name]
    assert conditions(planned_study(StudyRequest(study, study.data)).prepared.sweep.canonical()) == words


def test_a_file_is_called_by_its_name_and_differing_losses_are_left_out():
    data = {"source": "/data/houses.csv"}
    axes = {"loss": [{"half_squared_error": {}}, {"absolute_error": {}}], "epochs": [10, 20]}
    told = conditions({"data": data, "repeats": 3, "training": {}, "axes": axes})
    assert told == "Trained on houses.csv: 3 repeats."
