"""Scores of predictions, under the names that scikit-learn gives them."""

import numpy as np
from fitgap.core.metrics import roc_auc


def class_scores(truth: np.ndarray, answers: np.ndarray, probabilities: np.ndarray | None) -> dict[str, float]:
    """Scores of class numbers (N,), and of probabilities (N, C) if there are any."""
    present = np.unique(truth)
    scores = {
        "accuracy": float((answers == truth).mean()),
        "balanced_accuracy": float(np.mean([(answers[truth == each] == each).mean() for each in present])),
        "f1_macro": float(np.mean([f1(truth == each, answers == each) for each in np.union1d(truth, answers)])),
    }
    if probabilities is not None:
        smallest = np.finfo(probabilities.dtype).eps
        chosen = probabilities[np.arange(len(truth)), truth.astype(int)]
        scores["log_loss"] = float(-np.log(np.clip(chosen, smallest, 1)).mean())
        if len(present) == probabilities.shape[1]:
            scores["roc_auc"] = area_under_curve(truth, probabilities)
    return scores


def area_under_curve(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """ROC AUC of the second of two classes, or the mean over several classes, each against the rest."""
    shares = probabilities.astype(np.float64)
    if shares.shape[1] == 2:
        return float(roc_auc(shares[:, 1], truth == 1))
    belongs = truth == np.arange(shares.shape[1])[:, np.newaxis]
    return float(roc_auc(np.ascontiguousarray(shares.T), belongs).mean())


def f1(truth: np.ndarray, answers: np.ndarray) -> float:
    """The harmonic mean of precision and recall; 0 without true positives."""
    hits = (truth & answers).sum()
    return float(2 * hits / (truth.sum() + answers.sum()))


def number_scores(truth: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """Scores of numbers (N, m), as means over the targets."""
    residual = answers - truth
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    with np.errstate(all="ignore"):
        r2 = 1 - (residual**2).sum(axis=0) / spread
    return {
        "r2": float(r2.mean()),
        "mae": float(np.abs(residual).mean()),
        "rmse": float(np.sqrt((residual**2).mean(axis=0)).mean()),
    }
