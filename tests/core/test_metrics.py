"""Metrics of members agree with scikit-learn, for every reading and loss."""

import numpy as np
import pytest
from fitgap.core.losses import LOSSES, softmax
from fitgap.core.metrics import class_metrics, number_metrics, roc_auc
from fitgap.core.target_coding import READINGS
from sklearn import metrics

RANDOM = np.random.default_rng(6)


def outputs_of(reading, classes, members=3, examples=50, dtype="float32"):
    """Outputs with ties, and encoded targets (members, examples, n) in which every class occurs."""
    truth = np.stack([RANDOM.permutation(np.arange(examples) % classes) for _ in range(members)])
    targets = np.stack([reading.encode(row[:, None].astype(float), classes) for row in truth])
    noise = RANDOM.normal(size=targets.shape).round(1)
    return (targets + noise).astype(dtype), targets.astype(dtype), truth


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("name", ["one_per_class", "intervals", "zero_one", "signs", "unrecognized"])
@pytest.mark.parametrize("classes", [2, 3, 6])
def test_metrics_of_classes(name, loss, classes, dtype):
    reading, loss = READINGS[name](), LOSSES[loss]()
    if (loss.readings and name not in loss.readings) or (name in ("zero_one", "signs") and classes > 2):
        return
    outputs, targets, truths = outputs_of(reading, classes, dtype=dtype)
    found = class_metrics(outputs, targets, loss, reading, classes, with_scores=True)
    answers = reading.read(loss.linked(outputs), classes)
    for row, (truth, answer) in enumerate(zip(truths, answers, strict=True)):
        # The answer "unrecognized" is not a true class, so scikit-learn warns about it.
        recalls = metrics.recall_score(truth, answer, average=None, labels=np.arange(classes))
        assert found.values["balanced_accuracy"][row] == pytest.approx(recalls.mean(), rel=1e-12)
        assert found.values["lowest_recall"][row] == recalls.min()
        assert found.values["f1_macro"][row] == pytest.approx(metrics.f1_score(truth, answer, average="macro"))
        expected = metrics.confusion_matrix(truth, answer, labels=np.arange(found.confusion.shape[2]))
        np.testing.assert_array_equal(found.confusion[row], expected[:classes])
        check_scores(found, row, outputs[row].astype(np.float64), truth, loss, name)


def check_scores(found, row, outputs, truth, loss, name):
    classes = len(np.unique(truth))
    if loss.link == "softmax" and name != "unrecognized":
        shares = softmax(outputs)
        assert found.values["log_loss"][row] == pytest.approx(metrics.log_loss(truth, shares), rel=1e-12)
        if classes > 2:
            expected = metrics.roc_auc_score(truth, shares, multi_class="ovr", average="macro")
            assert found.values["roc_auc"][row] == pytest.approx(expected, rel=1e-9)
    elif loss.link == "sigmoid":
        share = 1 / (1 + np.exp(-outputs[:, 0]))
        assert found.values["log_loss"][row] == pytest.approx(metrics.log_loss(truth, share), rel=1e-12)
    elif not loss.link:
        assert np.isnan(found.values["log_loss"][row])
    if classes == 2:
        score = outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]
        assert found.values["roc_auc"][row] == pytest.approx(metrics.roc_auc_score(truth, score), rel=1e-12)
    elif name == "intervals":
        assert np.isnan(found.values["roc_auc"][row])


def test_examples_of_no_class_are_left_out():
    reading, loss = READINGS["unrecognized"](), LOSSES["half_squared_error"]()
    outputs, targets, _ = outputs_of(reading, 3)
    synthetic = np.broadcast_to(reading.encode(np.array([[3.0]]), 3), (3, 7, 4))
    more = (
        np.concatenate([outputs, RANDOM.normal(size=(3, 7, 4))], axis=1),
        np.concatenate([targets, synthetic], axis=1),
    )
    found = class_metrics(*more, loss, reading, 3, with_scores=True)
    expected = class_metrics(outputs.astype(more[0].dtype), targets, loss, reading, 3, with_scores=True)
    for name, values in expected.values.items():
        np.testing.assert_array_equal(found.values[name], values)
    np.testing.assert_array_equal(found.confusion, expected.confusion)
    assert found.confusion.shape == (3, 3, 4)


@pytest.mark.parametrize("name", ["one_per_class", "unrecognized"])
@pytest.mark.parametrize("loss", LOSSES)
def test_without_examples_nothing_is_defined(name, loss):
    """This happens if none of a member's measured examples has a class."""
    none = np.zeros((2, 0, 3))
    class_count = 2 if name == "unrecognized" else 3
    metrics = class_metrics(none, none, LOSSES[loss](), READINGS[name](), class_count, with_scores=True)
    assert set(metrics.values) == {"balanced_accuracy", "f1_macro", "lowest_recall", "roc_auc", "log_loss"}
    assert all(np.isnan(values).all() and values.shape == (2,) for values in metrics.values.values())
    assert metrics.confusion.sum() == 0


def test_a_class_that_does_not_occur_is_left_out_of_means_and_has_no_roc_auc():
    reading, loss = READINGS["one_per_class"](), LOSSES["half_squared_error"]()
    targets = reading.encode(np.array([[0.0], [0.0], [1.0]]), 3)[None]
    found = class_metrics(targets, targets, loss, reading, 3, with_scores=True).values
    assert found["balanced_accuracy"] == found["f1_macro"] == found["lowest_recall"] == 1
    assert np.isnan(found["roc_auc"])


@pytest.mark.parametrize("scale", [1e-300, 1, 1e300])
def test_areas_of_any_scores(scale):
    """With ties, zeros of both signs, and numbers of any size."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        scores = rng.integers(-3, 4, size=40) * scale
        scores[rng.random(40) < 0.2] = -0.0
        truth = rng.random(40) < 0.4
        truth[:2] = True, False
        assert roc_auc(scores, truth) == pytest.approx(metrics.roc_auc_score(truth, scores), rel=1e-12)
    assert np.isnan(roc_auc(np.arange(3.0), np.ones(3, bool)))


@pytest.mark.parametrize("targets", [1, 3])
def test_metrics_of_numbers_are_in_the_unit_of_the_targets(targets):
    scaled, truth = RANDOM.normal(size=(2, 4, 30, targets))
    lengths = 10 ** RANDOM.uniform(-3, 3, size=(4, targets))
    found = number_metrics(scaled, truth, lengths).values
    for row in range(4):
        pair = truth[row] * lengths[row], scaled[row] * lengths[row]
        assert found["mae"][row] == pytest.approx(metrics.mean_absolute_error(*pair))
        assert found["rmse"][row] == pytest.approx(metrics.root_mean_squared_error(*pair))
    unknown = number_metrics(scaled, truth, np.zeros((4, targets))).values
    assert np.isnan(unknown["mae"]).all() and np.isnan(unknown["rmse"]).all()
