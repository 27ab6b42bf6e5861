"""Findings about a whole sweep: double descent, metrics that disagree, a reference that is itself poor."""

import pytest
from fitgap.runner.diagnosis.whole_sweep import disagreement, peak_of, peaks, whole


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([2.1, 2.5, 3.0, 4.5, 4.0, 3.4], 3),
        ([2.1, 2.5, 3.0, 4.5, 4.4, 4.3], None),
        # The largest inner error is not the peak.
        ([0.4, 0.383, 0.33, 0.284, 0.313, 0.356, 0.307, 0.265], 5),
        ([3.0, 2.0, 1.0, 2.0, 3.0], None),
        ([5.0, 4.0, 3.0, 2.0, 1.0], None),
        ([1.0, 4.5, 1.0, 1.0], None),
        ([1.0, None, 4.5, 1.0, 1.0], None),
    ],
)
def test_a_peak_is_clearly_above_both_sides(errors, expected):
    """Neither a valley, nor a slope, nor too few networks, nor a small fall is a peak."""
    assert peak_of(errors) == expected


def network(parameters, e_v, **more):
    row = {"configuration": f"c{parameters}", "architecture": str(parameters), "parameters": parameters, "e_v": e_v}
    return {**row, "optimizer": "adam", "accuracy_v": None, **more}


def test_a_peak_is_found_on_each_line_of_networks():
    descent = [network(size, e_v) for size, e_v in zip((1, 2, 4, 8, 16), (2.0, 3.0, 4.5, 4.0, 3.4), strict=True)]
    plain = [network(size, 1.0, optimizer="momentum") for size in (1, 2, 4, 8, 16)]
    (found,) = peaks([*descent, *plain], ["architecture", "optimizer"])
    assert (found["setting"], found["lower_at"], found["lower_e_v"]) == ("4", "16", 3.4)
    assert found["beyond"] == ["c4", "c8", "c16"]
    assert peaks(descent, ["optimizer"]) == []


def test_accuracy_that_prefers_another_configuration_is_told():
    rows = [network(4, 1.0, accuracy_v=0.6), network(400, 3.0, accuracy_v=0.68)]
    assert disagreement(rows, "classes")["architecture"] == "400"
    assert disagreement(rows, "numbers") is None
    assert disagreement([rows[0], {**rows[1], "accuracy_v": 0.61}], "classes") is None


@pytest.mark.parametrize(
    ("e_t", "e_v", "kind"), [(0.005, 0.166, "overfit"), (0.48, 0.49, "underfit"), (0.1, 0.12, None), (1e-6, 1e-4, None)]
)
def test_a_reference_can_be_bad_by_itself(e_t, e_v, kind):
    """Compared with the error 0.5 of a constant prediction; a gap that is tiny next to that does not count."""
    reference = {"honest_e_t": None, "honest_e_v": None, "best_e_t": e_t, "best_e_v": e_v}
    found = whole(reference, {"e_t": 0.5, "e_v": 0.5})
    assert (found and found["kind"]) == kind
    assert whole(None, {"e_t": 0.5, "e_v": 0.5}) is whole(reference, None) is None
