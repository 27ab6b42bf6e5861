"""The chart that `run` suggests in its last line."""

import pytest
from fitgap.runner.cli.render.chart_hint import chart_hint

RATES = [{"adam": {"rate": 0.1}}, {"adam": {"rate": 0.01}}]
KINDS = [{"adam": {"rate": 0.1}}, {"gradient_descent": {"rate": 0.1}}]


@pytest.mark.parametrize(
    ("axes", "configurations", "command"),
    [
        ({"architecture": ["8"], "optimizer": RATES[:1]}, 1, "fitgap plot curves s"),
        ({"architecture": ["8", "16"], "optimizer": RATES[:1]}, 2, "fitgap plot capacity s"),
        ({"architecture": ["8"], "optimizer": RATES}, 2, "fitgap plot sensitivity s -o s.png"),
        ({"architecture": ["8"], "optimizer": KINDS}, 2, "fitgap plot fitmap s"),
        ({"activation": ["relu", "tanh"]}, 2, "fitgap plot fitmap s"),
        ({"architecture": ["8", "16"], "optimizer": RATES}, 4, "fitgap plot fitmap s"),
        ({}, 3, "fitgap plot fitmap s"),
    ],
)
def test_the_chart_suits_what_varies(axes, configurations, command):
    assert chart_hint("s", axes, configurations) == f"See it: {command}"


def test_the_suggestion_works(invoke, small_flags):
    answer = invoke("run", *small_flags, "--engine", "local")
    (line,) = [each for each in answer.err.splitlines() if each.startswith("See it: fitgap ")]
    assert invoke(*line.removeprefix("See it: fitgap ").split()).code == 0
