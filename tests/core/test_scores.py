"""Scores agree with scikit-learn."""

import numpy as np
import pytest
from fitgap.core.scores import class_scores, number_scores
from sklearn import metrics

RANDOM = np.random.default_rng(4)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("repeat", range(5))
def test_scores_of_classes(classes, repeat):
    truth = np.concatenate([np.arange(classes), RANDOM.integers(classes, size=40)])
    shares = RANDOM.random((len(truth), classes)).round(1) + 0.05
    shares /= shares.sum(axis=1, keepdims=True)
    answers = shares.argmax(axis=1)
    found = class_scores(truth, answers, shares)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, answers))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, answers))
    assert found["f1_macro"] == pytest.approx(metrics.f1_score(truth, answers, average="macro"))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, shares))
    score = shares[:, 1] if classes == 2 else shares
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(truth, score, multi_class="ovr"))
    assert "roc_auc" not in class_scores(np.ones_like(truth), answers, shares)
    assert "log_loss" not in class_scores(truth, answers, None)


@pytest.mark.parametrize("targets", [1, 3])
def test_scores_of_numbers(targets):
    truth, answers = RANDOM.normal(size=(2, 30, targets))
    found = number_scores(truth, answers)
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, answers))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(truth, answers))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, answers))
