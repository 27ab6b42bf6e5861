"""Charts of metrics: the values of trials, with the better ones marked."""

import itertools

import pytest
from fitgap import open_store, run_sweep
from fitgap.runner.charts.kinds import QUESTIONS
from fitgap.runner.charts.request import is_measure, measure_words
from fitgap.runner.errors import FitgapError
from support.sampling import every_row

KINDS = ("heat", "parallel", "sensitivity", "importance", "repeats")
METRICS = ("best_f1_macro_v", "log_loss_v", "recall_v.versicolor", "best_error_v.virginica")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    database = str(tmp_path_factory.mktemp("metrics") / "s.db")
    sweep = {
        "name": "iris",
        "data": "iris",
        "repeats": 4,
        "training": {"epochs": 6, "loss": "softmax_cross_entropy"},
        "axes": {"architecture": [2, 8], "optimizer": [{"adam": {"rate": [0.003, 0.03, 0.3]}}]},
    }
    run_sweep(sweep, db=database, engine="local", notify=lambda line: None)
    return database


@pytest.fixture
def store(database):
    with open_store(database) as store:
        yield store


def all_text(specification):
    return str(specification)


@pytest.mark.parametrize(("kind", "of"), every_row(3, itertools.product(KINDS, METRICS)))
def test_charts_with_a_choice_show_metrics(kind, of, store):
    assert kind in QUESTIONS
    found = store.plot(kind, "iris", of=of).to_dict()
    assert measure_words(of) in all_text(found["title"])


@pytest.mark.parametrize(("of", "is_higher_better"), [("recall_v.versicolor", True), ("best_error_v.virginica", False)])
def test_the_best_is_the_better_one(of, is_higher_better, store):
    groups = store.compare("iris", ["architecture", "optimizer"], of=of)
    values = groups[of].to_list()
    best = max(values) if is_higher_better else min(values)
    assert values[0] == best
    (subtitle, *_) = store.plot("heat", "iris", of=of, by=["architecture", "optimizer"]).to_dict()["title"]["subtitle"]
    assert f"({best:.3g})." in subtitle
    by_rate = store.compare("iris", ["optimizer"], of=of)[of].to_list()
    (subtitle, *_) = store.plot("sensitivity", "iris", of=of).to_dict()["title"]["subtitle"]
    assert f"{max(by_rate) if is_higher_better else min(by_rate):.3g})" in subtitle


def test_the_most_accurate_learning_rate_has_the_ring(store):
    by_rate = store.compare("iris", ["optimizer"], of="accuracy_v")["accuracy_v"].to_list()
    (subtitle, *_) = store.plot("sensitivity", "iris", of="accuracy_v").to_dict()["title"]["subtitle"]
    assert f"{max(by_rate):.3g})" in subtitle and max(by_rate) > min(by_rate)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ("mae_v", "no completed trial of iris has mae_v; draw another measure"),
        ("f1_macr_v", "did you mean 'f1_macro_v'?"),
        ("recall_v.rose", "there is no class 'rose'"),
    ],
)
@pytest.mark.parametrize("kind", ["heat", "parallel", "sensitivity"])
def test_metrics_that_do_not_exist_are_refused(kind, of, message, store):
    with pytest.raises(FitgapError) as told:
        store.plot(kind, "iris", of=of)
    assert message in str(told.value)


def test_what_charts_can_show():
    assert is_measure("verdict") and is_measure("best_rmse_v") and is_measure("error_v.1")
    assert not is_measure("loss") and not is_measure("recall")
