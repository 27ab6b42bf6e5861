"""Small samples: validation examples, of all classes or of one, that are too few for reliable verdicts."""

from collections.abc import Iterator

import numpy as np
from fitgap.runner.amounts import counted
from fitgap.runner.planning.preparation import PreparedSweep

# So few validation examples, in total or of a class, make verdicts unreliable.
FEW_EXAMPLES, FEW_OF_A_CLASS = 30, 10
# Splits are counted for at most this many repeats.
MOST_REPEATS = 20
# At most so many classes are named.
MOST_CLASSES = 5


def small_samples(prepared: PreparedSweep) -> list[str]:
    """What is too small, in words; empty if nothing is, or if examples validate that are also trained on."""
    first = prepared.splits[1]
    if np.array_equal(first.training, first.validation):
        return []
    return [f"{each}; {what_helps(prepared)}" for each in too_few(prepared)]


def too_few(prepared: PreparedSweep) -> Iterator[str]:
    """Each sample that is too small: all validation examples, then the classes with the fewest."""
    counts, unit = validation_counts(prepared)
    fewest = int(counts.sum(axis=1).min())
    if fewest < FEW_EXAMPLES:
        yield f"only {fewest} validation examples {unit}, so verdicts may be wrong by chance"
    names = prepared.dataset.class_names
    if prepared.dataset.target_kind != "classes" or len(names) != counts.shape[1]:
        return
    by_class = counts.min(axis=0)
    few = np.flatnonzero(by_class < FEW_OF_A_CLASS).tolist()
    if few:
        listed = ", ".join(f"{names[number]} ({by_class[number]})" for number in few[:MOST_CLASSES])
        more = f" and {counted(len(few) - MOST_CLASSES, 'other')}" if len(few) > MOST_CLASSES else ""
        yield f"few validation examples {unit} of class {listed}{more}, so errors on them hardly show"


def validation_counts(prepared: PreparedSweep) -> tuple[np.ndarray, str]:
    """The number of validation examples (repeats, classes) of every repeat, or of all k folds together."""
    targets = prepared.dataset.targets
    is_classes = prepared.dataset.target_kind == "classes"
    labels = targets.reshape(len(targets), -1)[:, 0].astype(int) if is_classes else np.zeros(len(targets), int)
    size = max(prepared.dataset.class_count, 1)
    splits = list(prepared.splits.values())[:MOST_REPEATS]
    counts = np.array([np.bincount(labels[split.validation], minlength=size)[:size] for split in splits])
    folds = prepared.preparation.division.folds
    if folds and len(counts) >= folds:
        return counts[:folds].sum(axis=0, keepdims=True), f"in all {folds} folds"
    return counts, "in a repeat"


def what_helps(prepared: PreparedSweep) -> str:
    """What would give more validation examples."""
    if prepared.preparation.division.folds:
        return "more examples would help"
    return "k folds (validation: {folds: 5}) or a larger validation share would help"
