"""Charts that call something the best mean the best of the leaderboard, unless another measure is requested."""

import pytest
from fitgap.runner.charts import Request
from fitgap.runner.charts.subject import Subject

KINDS = ("sensitivity", "heat", "parallel")


@pytest.mark.parametrize("kind", KINDS)
def test_they_say_which_error_they_show(kind, made, specified):
    store = made(configurations=8)
    measure = Subject(store, Request("made")).measure_of_best
    words = {"honest_e_v": "honest E_v", "best_e_v": "best E_v"}[measure]
    assert words in str(specified(kind, store)["title"])
    assert words not in str(specified(kind, store, of="e_v")["title"])


def test_it_is_the_measure_of_the_leaderboard(made):
    store = made(configurations=8)
    subject = Subject(store, Request("made"))
    first, *_ = store.leaderboard(subject.sweep["id"], ["architecture"], 1)
    best = subject.configurations.drop_nulls(subject.measure_of_best).sort(subject.measure_of_best)
    assert first["configuration"] == best["configuration"][0]
