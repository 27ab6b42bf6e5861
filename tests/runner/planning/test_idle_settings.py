"""Messages of a new sweep about settings that have no effect."""

import pytest
from fitgap.runner.planning.idle_settings import idle_settings
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_mapping


@pytest.mark.parametrize(
    ("architecture", "activation", "told"),
    [
        (["gru3:truncate=9", "gru3"], ["relu"], []),
        (
            ["gru3:truncate=10", "conv2x3-gru3:truncate=9"],
            ["relu"],
            [
                "truncate has no effect on gru3:truncate=10, conv2x3-gru3:truncate=9: it must be below the number of "
                "steps, 10 or 8"
            ],
        ),
        (["rnn3", "gru3-4", "none"], ["relu", "tanh"], []),
        (
            ["lstm3", "rnn3", "gru2-lstm2", "gru4", "gru5"],
            ["relu", "tanh"],
            [
                "activation has no effect on lstm3, gru2-lstm2, gru4 and 1 more: every activation gives them the same "
                "numbers"
            ],
        ),
    ],
)
def test_settings_without_effect_are_named(architecture, activation, told):
    axes = {"architecture": architecture, "activation": activation}
    source = {"adding": {"examples": 20, "length": 10}}
    lines = idle_settings(prepare_sweep(sweep_from_mapping({"data": {"source": source}, "axes": axes})))
    assert lines == told
