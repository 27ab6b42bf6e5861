"""The conclusions of a diagnosis if most of its sweep was pruned: only what the judged configurations show."""

import pytest
from fitgap.runner.cli.render.pruned import pruned_configurations
from fitgap.runner.cli.render.sweep_diagnosis_page import closing, print_next

WHOLE = {"kind": "overfit", "advice": "smaller networks"}
EDGE = {"end": "the largest width", "advice": "architecture 64", "changes": [{"to": "64"}]}


def found(judged, pruned):
    return {
        "sweep": "s",
        "configuration_count": judged + pruned,
        "pruned_configurations": pruned,
        "configurations": {"good": judged, "overfit": 0},
        "troubles": [],
        "whole": WHOLE,
        "edges": [EDGE],
        "peaks": [],
        "most_accurate": None,
    }


@pytest.mark.parametrize(
    ("judged", "pruned", "told", "end", "last"),
    [
        (6, 0, "everything tried overfits", "the best configuration is at the edge", "nothing underfits or overfits"),
        (
            5,
            1,
            "trained to its end overfits",
            "among those that were judged, the best is at the edge",
            "none of the judged configurations underfits or overfits",
        ),
        (
            4,
            1,
            "trained to its end overfits",
            None,
            "to find out which settings underfit or overfit, train a new sweep",
        ),
    ],
)
def test_conclusions_are_about_what_was_judged(judged, pruned, told, end, last, capsys):
    print_next(found(judged, pruned))
    text = " ".join(capsys.readouterr().out.split())
    assert told in text and (end in text if end else "at the edge of the sweep" not in text)
    assert ("everything tried" in text) == (pruned == 0)
    assert closing(found(judged, pruned)).startswith(last)


def test_the_first_line_counts_them():
    line = "s: 29 of 30 configurations were pruned at rungs and not judged"
    assert pruned_configurations(found(1, 29)) == f"{line}; what follows is about the 1 configuration that was judged"
    assert pruned_configurations(found(0, 1)) == "s: 1 of 1 configuration was pruned at rungs and not judged"
