"""Real double descent: with few digits and some wrong labels, networks of medium size are the worst."""

import numpy as np
import pytest
from fitgap import run_sweep
from fitgap.runner.data.named import load_named
from fitgap.runner.diagnosis import diagnose_sweep
from fitgap.runner.store import open_store

WIDTHS = [4, 6, 8, 12, 18, 32, 64, 280]
EXAMPLES, WRONG = 500, 0.2


def noisy_digits():
    """Inputs and labels of a sample of the digits, a fifth of the labels drawn at random."""
    digits, random = load_named("digits", {}, (), 0), np.random.default_rng(0)
    rows = random.permutation(len(digits.inputs))[:EXAMPLES]
    labels = digits.targets[rows, 0].astype(int)
    is_wrong = random.random(EXAMPLES) < WRONG
    return digits.inputs[rows], np.where(is_wrong, random.integers(10, size=EXAMPLES), labels).astype(str)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """E_v after the last epoch by width, and the diagnosis."""
    database = str(tmp_path_factory.mktemp("peak") / "it.db")
    sweep = {
        "name": "peak",
        "data": noisy_digits(),
        "repeats": 2,
        "training": {"epochs": 200, "loss": "softmax_cross_entropy"},
        "axes": {"architecture": WIDTHS, "optimizer": [{"adam": {"rate": 0.01}}]},
    }
    run_sweep(sweep, engine="local", db=database)
    with open_store(database) as store:
        rows = store.leaderboard(store.sweep("peak")["id"], ["architecture"], len(WIDTHS))
        return {int(row["architecture"]): row for row in rows}, diagnose_sweep(store, "peak")


@pytest.mark.nightly
def test_the_peak_of_a_real_sweep_is_found(found):
    by_width, diagnosis = found
    (peak,) = diagnosis["peaks"]
    e_v = {width: row["e_v"] for width, row in by_width.items()}
    highest = max(e_v, key=e_v.get)
    assert int(peak["setting"]) == highest and peak["e_v"] == pytest.approx(e_v[highest])
    # The peak is in the middle: E_v of smaller and larger networks is lower, but only the larger ones have better
    # accuracy.
    assert e_v[WIDTHS[0]] < 0.9 * e_v[highest] > e_v[WIDTHS[-1]] / 0.9
    assert by_width[280]["accuracy_v"] > by_width[highest]["accuracy_v"] > by_width[4]["accuracy_v"]


@pytest.mark.nightly
def test_advice_turns_around_at_the_peak(found):
    """From the peak on, it suggests a larger network, never a smaller one; before the peak, a larger one would be
    worse.
    """
    by_width, diagnosis = found
    peak = int(diagnosis["peaks"][0]["setting"])
    advised = {}
    for trouble in diagnosis["troubles"]:
        for row in trouble["worst"]:
            changes = [change for cause in row["causes"] for change in cause["changes"]]
            advised[int(row["architecture"])] = [
                int(change["to"]) for change in changes if change["axis"] == "architecture"
            ]
            leads = row["causes"][0]["cause"] == "double_descent"
            assert leads == (int(row["architecture"]) >= peak)
    assert len(advised) >= 6 and min(advised) < peak
    for width, others in advised.items():
        assert all(other > width for other in others) if width >= peak else all(other < width for other in others)
    # Following it within the sweep helps: the largest network is better than the one at the peak.
    assert by_width[WIDTHS[-1]]["e_v"] < by_width[peak]["e_v"]
