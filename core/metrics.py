"""Metrics of the members of a pack on a set of examples, under the names that scikit-learn gives them.

All are unweighted, and bit-for-bit the same whichever members are measured together.
"""

from dataclasses import dataclass

import numpy as np
from fitgap.core.losses import Loss
from fitgap.core.target_coding import Intervals, OutputReading, Unrecognized

# The smallest probability that the log loss assumes, as in scikit-learn.
SMALLEST = np.finfo(np.float64).eps
HIGHEST = np.iinfo(np.int64).max
# The number of scores that are sorted at once.
CACHED = 1 << 14


@dataclass(frozen=True)
class Metrics:
    """Metrics by name, each an array (k,) with one value per member; NaN where a metric is not defined.

    `confusion` (k, C, C) counts the examples of each class by predicted class; with the reading "unrecognized" it has
    one more column, for this answer. None if the targets are numbers.
    """

    values: dict[str, np.ndarray]
    confusion: np.ndarray | None = None

    @classmethod
    def joined(cls, parts: "list[Metrics]") -> "Metrics":
        """The metrics of all members of the parts; there must be at least one part."""
        values = {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values}
        matrices = [part.confusion for part in parts if part.confusion is not None]
        return cls(values, np.concatenate(matrices) if matrices else None)


def class_metrics(
    outputs: np.ndarray, targets: np.ndarray, loss: Loss, reading: OutputReading, class_count: int, *, with_scores: bool
) -> Metrics:
    """Metrics of classifiers, from outputs and encoded targets (k, N, n_L).

    `with_scores` adds the metrics that depend on more than the predicted classes, which take several times as long.
    Examples that belong to no class, which the reading "unrecognized" adds, are left out.
    """
    truth = reading.read(targets, class_count)
    if isinstance(reading, Unrecognized) and (truth == class_count).any():
        settings = loss, reading, class_count
        return Metrics.joined(
            [
                class_metrics(own[None, is_real], targets[row][None, is_real], *settings, with_scores=with_scores)
                for row, (own, is_real) in enumerate(zip(outputs, truth < class_count, strict=True))
            ]
        )
    answers = reading.read(loss.linked(outputs), class_count)
    confusion = confusion_matrices(truth, answers, class_count, class_count + isinstance(reading, Unrecognized))
    values = confusion_metrics(confusion)
    if not truth.shape[1]:
        # If all examples of a member belong to no class, its metrics are not defined.
        names = [*values, *(("roc_auc", "log_loss") if with_scores else ())]
        return Metrics({name: np.full(len(outputs), np.nan) for name in names}, confusion)
    if with_scores:
        values["roc_auc"] = class_roc_auc(outputs, truth, loss, reading, class_count)
        values["log_loss"] = log_loss(outputs, targets, loss)
    return Metrics(values, confusion)


def confusion_matrices(truth: np.ndarray, answers: np.ndarray, class_count: int, answer_count: int) -> np.ndarray:
    """The number of examples (k, C, answers) of each class with each answer, from class numbers (k, N)."""
    members = np.arange(len(truth))[:, np.newaxis] * class_count
    cells = (members + truth) * answer_count + answers
    counts = np.bincount(cells.ravel(), minlength=len(truth) * class_count * answer_count)
    return counts.reshape(len(truth), class_count, answer_count)


@np.errstate(invalid="ignore")
def confusion_metrics(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """The metrics that follow from the counts (k, C, answers): means, or the minimum, over the classes that occur."""
    classes = confusion.shape[1]
    right = np.diagonal(confusion[:, :, :classes], axis1=1, axis2=2)
    support, answered = confusion.sum(axis=2), confusion.sum(axis=1)
    recalls = right / support
    # The answer "unrecognized" counts as a class that is never right.
    sizes = answered + np.pad(support, ((0, 0), (0, confusion.shape[2] - classes)))
    f1 = 2 * np.pad(right, ((0, 0), (0, confusion.shape[2] - classes))) / sizes
    return {
        "balanced_accuracy": mean_of(recalls, support > 0),
        "f1_macro": mean_of(f1, sizes > 0),
        "lowest_recall": np.where(support > 0, recalls, np.inf).min(axis=1),
    }


def mean_of(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """The mean (k,) of those values (k, C) that are marked in `counted`."""
    return np.where(counted, values, 0.0).sum(axis=1) / counted.sum(axis=1)


def log_loss(outputs: np.ndarray, targets: np.ndarray, loss: Loss) -> np.ndarray:
    """The mean of −ln p of the correct class (k,); NaN if the outputs are not probabilities."""
    if not loss.link:
        return np.full(len(outputs), np.nan)
    return np.minimum(loss.errors(outputs, targets), -np.log(SMALLEST)).mean(axis=1)


def class_roc_auc(
    outputs: np.ndarray, truth: np.ndarray, loss: Loss, reading: OutputReading, class_count: int
) -> np.ndarray:
    """The area under the ROC curve (k,); with more than two classes, the mean over the classes, each against the rest.

    NaN if a class does not occur, or if one output stands for more than two classes.
    """
    if class_count == 2:
        one_output = outputs.shape[-1] == 1
        scores = outputs[..., 0] if one_output else np.subtract(outputs[..., 1], outputs[..., 0], dtype=np.float64)
        return roc_auc(scores.astype(np.float64), truth == 1)
    if isinstance(reading, Intervals):
        return np.full(len(outputs), np.nan)
    shares = loss.linked(outputs.astype(np.float64))
    # Member by member and class by class, each a contiguous row.
    scores = np.ascontiguousarray(shares[..., :class_count].swapaxes(1, 2))
    belongs = truth[:, np.newaxis] == np.arange(class_count)[:, np.newaxis]
    return roc_auc(scores, belongs).mean(axis=1)


def roc_auc(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """The probability (…) that a positive example has a higher score than a negative one, from arrays (…, N).

    The scores are float64; ties count half. NaN if all examples are positive or all negative. Pairs are counted in
    whole numbers, so the counts are exact.
    """
    rows, marks = scores.reshape(-1, scores.shape[-1]), positive.reshape(-1, scores.shape[-1])
    # A few rows at a time stay in the cache.
    together = max(1, CACHED // rows.shape[1])
    starts = range(0, len(rows), together)
    areas = [some_areas(rows[start : start + together], marks[start : start + together]) for start in starts]
    return np.concatenate(areas).reshape(scores.shape[:-1])


@np.errstate(invalid="ignore")
def some_areas(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """The areas (m,) for rows (m, N)."""
    # Scores are converted to integers with the same order, whose last bit is replaced by the mark. Sorting these takes
    # a third of the time of sorting indices. Adding 0 turns −0 into 0.
    bits = (scores + 0.0).view(np.int64)
    keys = np.sort((bits ^ ((bits >> 63) & HIGHEST)) & ~1 | positive, axis=-1)
    is_positive = (keys & 1).astype(np.float64)
    rank_sums = is_positive @ np.arange(1.0, keys.shape[-1] + 1)
    for row in np.flatnonzero(((keys[:, 1:] ^ keys[:, :-1]).view(np.uint64) < 2).any(axis=1)):
        # This row has scores that are equal or differ only in the last bit.
        _, rank, counts = np.unique(scores[row], return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        rank_sums[row] = (ends - (counts - 1) / 2)[rank][positive[row]].sum()
    positives = positive.sum(axis=1)
    return (rank_sums - positives * (positives + 1) / 2) / (positives * (scores.shape[-1] - positives))


def number_metrics(outputs: np.ndarray, targets: np.ndarray, lengths: np.ndarray) -> Metrics:
    """Metrics of predicted numbers in the targets' units, from outputs and scaled targets (k, N, m).

    `lengths` (k, m) are the units of the scaled targets; 0 if a target is unknown because it does not vary among the
    training examples. MAE and RMSE are means over the targets.
    """
    # Contiguous over the examples, so that sums do not depend on the number of members.
    residual = np.ascontiguousarray(np.subtract(outputs, targets, dtype=np.float64).swapaxes(1, 2))
    units = np.where(lengths == 0, np.nan, lengths)
    return Metrics(
        {
            "mae": (np.abs(residual).mean(axis=2) * units).mean(axis=1),
            "rmse": (np.sqrt((residual * residual).mean(axis=2)) * units).mean(axis=1),
        }
    )
