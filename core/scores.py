"""Scores of predictions, under the names that scikit-learn gives them."""

import numpy as np


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
        if probabilities.shape[1] == 2 and len(present) == 2:
            scores["roc_auc"] = roc_auc(truth == 1, probabilities[:, 1])
    return scores


def f1(truth: np.ndarray, answers: np.ndarray) -> float:
    """The harmonic mean of precision and recall; 0 without any hit."""
    hits = (truth & answers).sum()
    return float(2 * hits / (truth.sum() + answers.sum()))


def roc_auc(truth: np.ndarray, scores: np.ndarray) -> float:
    """The probability that a positive example has a higher score than a negative one; ties count half."""
    _, rank, count = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    middle = (ends - (count - 1) / 2)[rank]
    positive = truth.sum()
    return float((middle[truth].sum() - positive * (positive + 1) / 2) / (positive * (len(truth) - positive)))


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
